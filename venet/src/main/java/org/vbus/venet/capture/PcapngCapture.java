package org.vbus.venet.capture;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.EventPoller;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.vbus.venet.l2.Direction;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameBuffer;
import org.vbus.venet.l2.FrameTap;

/// Writes the frames of any number of switch ports to one pcapng file, one interface per port.
///
/// Threads: the taps may be called on any loop and never wait: a frame that finds no free slot is
/// counted as dropped. A thread of the capture's own writes to the file. Interfaces are added by
/// control threads at any time. An error while writing ends the capture, not the switch: later
/// frames are dropped, and [#close] reports it.
///
/// Memory: a slot keeps the room of the longest frame it held, so at most `slots` times `snaplen`,
/// and 2 KiB a slot with ordinary frames.
public final class PcapngCapture implements AutoCloseable {
  /// Bytes kept of each frame unless told otherwise.
  public static final int DEFAULT_SNAPLEN = 65_535;

  /// Frames that may wait for the writer unless told otherwise.
  public static final int DEFAULT_SLOTS = 4096;

  /// The largest snaplen that readers accept (MAXIMUM_SNAPLEN of libpcap).
  private static final int MAX_SNAPLEN = 262_144;

  private static final long IDLE_NANOS = 1_000_000;
  private static final long CLOCK_NANOS = 1_000_000_000;
  private static final int CLOSE_MILLIS = 800;
  private static final int INTERRUPT_MILLIS = 150;

  private final Path file;
  private final int snaplen;
  private final WritableByteChannel channel;
  private final PcapngWriter out;
  private final RingBuffer<Slot> ring;
  private final EventPoller<Slot> poller;
  private final Thread thread;
  private final long startNanos;

  private final Queue<Interface> announced = new ConcurrentLinkedQueue<>();
  private int nextId;

  // For the writer thread only: the interfaces that the file describes.
  private final List<Interface> described = new ArrayList<>();
  private final EventPoller.Handler<Slot> writeSlot = this::writeSlot;
  private long clockSetAt;
  private boolean unflushed;
  private boolean claimed;

  // Nanoseconds from System.nanoTime to the time since 1970; set anew each second.
  private volatile long clockOffset;
  private volatile boolean closing;
  private volatile @Nullable Exception failure;

  private PcapngCapture(Path file, WritableByteChannel channel, int snaplen, int slots)
      throws IOException {
    this.file = file;
    this.snaplen = snaplen;
    this.channel = channel;
    this.out = new PcapngWriter(channel, snaplen);
    // Nobody waits on the ring, so the wait strategy is the one that costs producers nothing.
    this.ring = RingBuffer.createMultiProducer(Slot::new, slots, new BusySpinWaitStrategy());
    this.poller = ring.newPoller();
    ring.addGatingSequences(poller.getSequence());
    setClock();
    this.startNanos = now();
    out.section(
        System.getProperty("os.arch", "unknown"),
        System.getProperty("os.name", "unknown") + " " + System.getProperty("os.version", ""),
        "vbus");
    out.flush();
    this.thread =
        Thread.ofPlatform().name("capture " + file.getFileName()).daemon().unstarted(this::run);
  }

  /// Opens a capture of [#DEFAULT_SNAPLEN] and [#DEFAULT_SLOTS].
  ///
  /// @throws IOException one line with the file and the reason
  public static PcapngCapture open(Path file) throws IOException {
    return open(file, DEFAULT_SNAPLEN, DEFAULT_SLOTS);
  }

  /// Creates or overwrites `file` and starts the writer.
  ///
  /// @param snaplen bytes kept of each frame
  /// @param slots frames that may wait for the writer; a power of two
  /// @throws IOException one line with the file and the reason
  public static PcapngCapture open(Path file, int snaplen, int slots) throws IOException {
    if (snaplen < Frame.HEADER_LENGTH || snaplen > MAX_SNAPLEN) {
      throw new IllegalArgumentException(
          "snaplen " + snaplen + ": expected " + Frame.HEADER_LENGTH + " to " + MAX_SNAPLEN);
    }
    if (slots < 1 || Integer.bitCount(slots) != 1) {
      throw new IllegalArgumentException("capture of " + slots + " slots: expected a power of two");
    }
    WritableByteChannel channel = null;
    try {
      channel =
          Files.newByteChannel(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
      PcapngCapture capture = new PcapngCapture(file, channel, snaplen, slots);
      capture.thread.start();
      return capture;
    } catch (IOException e) {
      if (channel != null) {
        channel.close();
      }
      throw new IOException("cannot write capture file " + file + ": " + reason(e), e);
    }
  }

  /// Adds an interface to the file; while running too, as ports are plugged.
  ///
  /// @return the tap that captures to it; it does nothing once the capture is closed
  /// @throws IllegalStateException if the capture is closed
  public synchronized FrameTap addInterface(String name) {
    if (closing) {
      throw new IllegalStateException("capture " + file + " is closed");
    }
    Interface added = new Interface(nextId++, name);
    announced.add(added);
    return added;
  }

  /// Why the capture ended before it was closed, or null.
  public @Nullable Exception failure() {
    return failure;
  }

  /// Writes what waits and the statistics of each interface, and closes the file; takes a second at
  /// most, even if the file does not accept data.
  ///
  /// @throws IOException if anything could not be written, now or before
  @Override
  public void close() throws IOException {
    closing = true;
    LockSupport.unpark(thread);
    try {
      thread.join(CLOSE_MILLIS);
      if (thread.isAlive()) {
        thread.interrupt();
        thread.join(INTERRUPT_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while closing capture file " + file);
    }
    Exception cause = failure;
    if (cause != null) {
      throw new IOException("capture file " + file + " is incomplete: " + reason(cause), cause);
    }
  }

  private void run() {
    try {
      while (!closing) {
        if (!write()) {
          LockSupport.parkNanos(IDLE_NANOS);
        }
      }
      while (!claimAll()) {
        write();
      }
      writeStatistics();
    } catch (Exception e) {
      failure = e;
      closing = true;
      while (!claimAll()) {
        discard();
      }
    }
    release();
  }

  /// One round of the writer.
  ///
  /// @return whether there was anything to write
  private boolean write() throws Exception {
    long nanos = System.nanoTime();
    if (nanos - clockSetAt > CLOCK_NANOS) {
      setClock();
    }
    describeInterfaces();
    if (poller.poll(writeSlot) == EventPoller.PollState.PROCESSING) {
      unflushed = true;
      return true;
    }
    if (unflushed) {
      out.flush();
      unflushed = false;
    }
    return false;
  }

  private boolean writeSlot(Slot slot, long sequence, boolean endOfBatch) throws IOException {
    Interface source = slot.source;
    if (source == null) {
      return true; // the copy failed, for want of memory
    }
    // A slot is published after its interface was announced, but perhaps after we last looked.
    if (source.id >= described.size()) {
      describeInterfaces();
    }
    out.packet(source.id, slot.nanos, slot.direction, slot.bytes.frame(), slot.originalLength);
    source.written++;
    return true;
  }

  private void describeInterfaces() throws IOException {
    for (Interface added = announced.poll(); added != null; added = announced.poll()) {
      out.interfaceDescription(added.name, snaplen);
      described.add(added);
      unflushed = true;
    }
  }

  private void writeStatistics() throws IOException {
    describeInterfaces();
    long end = now();
    for (Interface source : described) {
      out.statistics(
          source.id, startNanos, end, source.received.get(), source.dropped.get(), source.written);
    }
    out.flush();
  }

  private void discard() {
    try {
      poller.poll((slot, sequence, endOfBatch) -> true);
    } catch (Exception e) {
      throw new IllegalStateException("discarding throws nothing", e);
    }
  }

  /// Takes all slots away from the taps for good. Succeeds when none is in use: every frame has
  /// been written and no loop is copying one.
  private boolean claimAll() {
    if (claimed) {
      return true;
    }
    if (!ring.hasAvailableCapacity(ring.getBufferSize())) {
      return false;
    }
    try {
      ring.tryNext(ring.getBufferSize());
      claimed = true;
    } catch (InsufficientCapacityException lostRace) {
      // a loop was quicker: its frame first
    }
    return claimed;
  }

  private void release() {
    for (int i = 0; i < ring.getBufferSize(); i++) {
      ring.get(i).bytes.release();
    }
    try {
      channel.close();
    } catch (IOException e) {
      if (failure == null) {
        failure = e;
      }
    }
  }

  private void setClock() {
    Instant wall = Instant.now();
    clockSetAt = System.nanoTime();
    clockOffset = wall.getEpochSecond() * 1_000_000_000L + wall.getNano() - clockSetAt;
  }

  private long now() {
    return System.nanoTime() + clockOffset;
  }

  private static String reason(Exception e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such directory";
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException f when f.getReason() != null -> String.valueOf(f.getReason());
      default -> e.getMessage() != null ? e.getMessage() : e.getClass().getSimpleName();
    };
  }

  /// A copy of the first bytes of a frame, and how it was seen.
  private static final class Slot {
    private final FrameBuffer bytes = new FrameBuffer();
    private @Nullable Interface source;
    private Direction direction = Direction.INGRESS;
    private long nanos;
    private int originalLength;
  }

  private final class Interface implements FrameTap {
    private final int id;
    private final String name;
    private final AtomicLong received = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private long written; // by the writer thread

    Interface(int id, String name) {
      this.id = id;
      this.name = name;
    }

    @Override
    public void frame(Direction direction, Frame frame) {
      if (closing) {
        return;
      }
      received.getAndIncrement();
      // Asked first because a full ring is ordinary, and the exception of tryNext is not cheap.
      if (!ring.hasAvailableCapacity(1)) {
        dropped.getAndIncrement();
        return;
      }
      long sequence;
      try {
        sequence = ring.tryNext();
      } catch (InsufficientCapacityException lostRace) {
        dropped.getAndIncrement();
        return;
      }
      try {
        fill(ring.get(sequence), direction, frame);
      } finally {
        // Even if that failed: a slot claimed and never published would block the writer for good.
        ring.publish(sequence);
      }
    }

    private void fill(Slot slot, Direction direction, Frame frame) {
      slot.source = null;
      slot.direction = direction;
      slot.nanos = now();
      slot.originalLength = frame.length();
      slot.bytes.copyOf(frame, snaplen);
      slot.source = this;
    }
  }
}
