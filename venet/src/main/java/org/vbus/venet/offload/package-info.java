/// Offloads done in software, for stations that have not agreed to do them.
///
/// ```
///   Frame with Offload --> Segmenter --> Frame, Frame, ...   headers of our own, payload where it was
///                     '--> Completion --> Frame              two bytes of our own
/// ```
///
/// What comes out describes memory of the frame that went in, so it is copied once, into the
/// buffers of the receiver.
package org.vbus.venet.offload;
