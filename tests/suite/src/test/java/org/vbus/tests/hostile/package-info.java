/// Guests that lie: one row per lie, told to a queue alone and to a running stack with an honest
/// neighbour; what looks like a lie and is none; contents that change while they are read; random
/// rings.
package org.vbus.tests.hostile;
