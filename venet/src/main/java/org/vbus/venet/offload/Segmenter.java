package org.vbus.venet.offload;

import static org.vbus.venet.offload.GsoHeaders.BE16;
import static org.vbus.venet.offload.GsoHeaders.BE32;
import static org.vbus.venet.offload.GsoHeaders.TCP_FLAGS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vbus.core.memory.LittleEndian;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.Offload;

/// Cuts a TCP packet into segments, or a UDP packet into datagrams, each with complete checksums.
///
/// Every segment gets the headers of the packet with its own lengths, the next IPv4 identification
/// (also where fragmentation is forbidden, as network cards do), the sequence number of its
/// payload; FIN and PSH only in the last one, CWR only in the first (RFC 3168, 6.1.2).
///
/// The frame may lie in memory of a guest that changes it meanwhile: its headers are checked in a
/// copy of our own, from which all segments are made.
///
/// One thread; nothing is allocated after construction.
public final class Segmenter {
  private static final int FIN = 0x01;
  private static final int PSH = 0x08;

  private final GsoHeaders headers = new GsoHeaders();
  private final Frame segment = new Frame(Frame.MAX_PIECES + 1);
  private Frame source = segment;
  private int segmentSize;
  private int done;
  private int number;
  private int identification;
  private int sequence;
  private int flags;
  private long pseudoHeader;

  /// Nothing to cut yet.
  public Segmenter() {}

  /// Starts with a frame, which must stay valid until the last segment is made.
  ///
  /// @return false when the headers are not what the frame's offload says (any more)
  public boolean begin(Frame frame) {
    long offload = frame.offload();
    if (!headers.read(frame, Offload.checksumStart(offload))
        || headers.kind() != Offload.kind(offload)) {
      return false;
    }
    source = frame;
    segmentSize = Offload.segmentSize(offload);
    done = headers.length();
    number = 0;
    MemorySegment bytes = headers.bytes;
    if (!headers.isV6()) {
      identification = headers.u16(headers.network() + 4);
    }
    if (headers.isTcp()) {
      sequence = bytes.get(BE32, headers.transport() + 4);
      flags = headers.u8(headers.transport() + TCP_FLAGS);
    }
    pseudoHeader = headers.pseudoHeader();
    return true;
  }

  /// Whether there is another segment; a packet without payload makes one.
  public boolean hasNext() {
    return number == 0 || done < source.length();
  }

  /// The next segment, valid until the next call: our headers, and payload where the source has it.
  public Frame next() {
    int length = Math.min(segmentSize, source.length() - done);
    writeNetwork(length);
    writeTransport(length);
    Frame next = segment;
    next.reset();
    // There is room: at most one piece more than the source has.
    boolean _ = next.add(headers.bytes, 0, headers.length()) && next.add(source, done, length);
    done += length;
    number++;
    return next;
  }

  private void writeNetwork(int payload) {
    MemorySegment bytes = headers.bytes;
    int at = headers.network();
    int length = headers.length() - at + payload;
    if (headers.isV6()) {
      bytes.set(BE16, at + 4, (short) (length - 40));
      return;
    }
    bytes.set(BE16, at + 2, (short) length);
    bytes.set(BE16, at + 4, (short) (identification + number));
    bytes.set(BE16, at + 10, (short) 0);
    long sum = Checksum.add(0, bytes, at, headers.transport() - at);
    bytes.set(LittleEndian.SHORT_ANY, at + 10, Checksum.finish(sum));
  }

  private void writeTransport(int payload) {
    MemorySegment bytes = headers.bytes;
    int at = headers.transport();
    int own = headers.length() - at;
    if (headers.isTcp()) {
      boolean last = done + payload == source.length();
      int drop = (last ? 0 : FIN | PSH) | (number == 0 ? 0 : GsoHeaders.CWR);
      bytes.set(BE32, at + 4, sequence + (done - headers.length()));
      bytes.set(ValueLayout.JAVA_BYTE, at + TCP_FLAGS, (byte) (flags & ~drop));
    } else {
      bytes.set(BE16, at + 4, (short) (own + payload));
    }
    int field = at + headers.checksumOffset();
    bytes.set(BE16, field, (short) 0);
    long sum = pseudoHeader + Checksum.word(own + payload);
    sum = Checksum.add(sum, bytes, at, own);
    // Transport headers are even, so the payload begins at an even place.
    sum = Checksum.add(sum, source, done, payload);
    bytes.set(LittleEndian.SHORT_ANY, field, Checksum.finishNonZero(sum));
  }
}
