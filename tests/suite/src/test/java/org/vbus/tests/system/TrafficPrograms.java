package org.vbus.tests.system;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.driver.VirtioTransport;
import org.vbus.proxy.guest.Driver;
import org.vbus.proxy.guest.Guest;
import org.vbus.proxy.guest.Napi;
import org.vbus.proxy.program.GuestProgram;

/// Guests that keep frames going round whatever happens to their devices.
final class TrafficPrograms {
  private static final int FRAME = 200;
  private static final int TYPE = 12;
  private static final int SOURCE = 6;

  /// An EtherType for experiments (IEEE 802).
  private static final short EXPERIMENT = (short) 0x88B5;

  private TrafficPrograms() {}

  /// Sends on its card all the time and counts what comes back.
  static final class Sender implements GuestProgram {
    private static final int BURST = 16;

    private final MemorySegment frame = MemorySegment.ofArray(new byte[FRAME]);
    private volatile @Nullable Guest guest;
    private final AtomicLong echoes = new AtomicLong();
    private @Nullable NetDriver card;

    Sender(long source, long destination) {
      for (int i = 0; i < 6; i++) {
        int shift = 40 - 8 * i;
        frame.set(ValueLayout.JAVA_BYTE, i, (byte) (destination >>> shift));
        frame.set(ValueLayout.JAVA_BYTE, SOURCE + i, (byte) (source >>> shift));
      }
      frame.set(ValueLayout.JAVA_BYTE, TYPE, (byte) (EXPERIMENT >>> 8));
      frame.set(ValueLayout.JAVA_BYTE, TYPE + 1, (byte) EXPERIMENT);
    }

    Guest guest() {
      return Objects.requireNonNull(guest);
    }

    /// Frames that came back.
    long echoes() {
      return echoes.get();
    }

    @Override
    public String name() {
      return "sender";
    }

    @Override
    public void prepare(Guest made) {
      guest = made;
      made.bus().driver(NetDriver.DEVICE_ID, this::plug);
      made.schedule(new Generator());
    }

    private Driver plug(Guest made, VirtioTransport transport) {
      NetDriver net = new NetDriver(made, transport);
      net.onFrame((segment, off, len) -> echoes.getAndIncrement());
      card = net;
      return () -> {
        card = null;
        net.remove();
      };
    }

    /// Always has something to do: it is polled, sends a burst, and stays scheduled.
    private final class Generator extends Napi {
      @Override
      protected int poll(int budget) {
        NetDriver to = card;
        if (to != null) {
          boolean room = true;
          for (int i = 0; i < BURST && room; i++) {
            room = to.send(frame, 0, FRAME);
          }
          to.flush();
        }
        LockSupport.parkNanos(20_000); // for the others, where processors are few
        return budget;
      }

      @Override
      protected boolean complete() {
        return true;
      }
    }
  }

  /// Answers each frame, and halts when there is none.
  static final class Echo implements GuestProgram {
    private volatile @Nullable Guest guest;

    Guest guest() {
      return Objects.requireNonNull(guest);
    }

    @Override
    public String name() {
      return "echo";
    }

    @Override
    public void prepare(Guest made) {
      guest = made;
      made.bus().driver(NetDriver.DEVICE_ID, Echo::plug);
    }

    private static Driver plug(Guest made, VirtioTransport transport) {
      NetDriver net = new NetDriver(made, transport);
      MemorySegment answer = MemorySegment.ofArray(new byte[FRAME]);
      net.onFrame((segment, off, len) -> {
        if (len == FRAME) {
          MemorySegment.copy(segment, off, answer, SOURCE, 6);
          MemorySegment.copy(segment, off + SOURCE, answer, 0, 6);
          MemorySegment.copy(segment, off + TYPE, answer, TYPE, FRAME - TYPE);
          boolean _ = net.send(answer, 0, FRAME);
        }
      });
      net.onBurst(net::flush);
      return net;
    }
  }
}
