/// Poll loops: the threads of the data path.
///
/// ```
///   control threads --commands--> PollLoop --poll--> queue, queue, tap, inbox ...
///   kick, frame     --wake----->     |
///                                    '--> no work: spin, arm, look again, Waiter.block
/// ```
package org.vbus.core.loop;
