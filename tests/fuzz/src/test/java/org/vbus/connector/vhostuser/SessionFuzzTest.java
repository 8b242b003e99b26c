package org.vbus.connector.vhostuser;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.util.List;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.Attachment;
import org.vbus.core.device.DeviceContext;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.DeviceSpec;
import org.vbus.core.device.QueueSpec;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.ring.Chain;
import org.vbus.linux.UnixSocket;
import org.vbus.stack.EpollWaiter;

/// Any conversation, with memory that changes in any way between two messages: it goes on or ends,
/// and the device is there for the next front-end.
final class SessionFuzzTest {
  /// Answers requests with nothing.
  private static final class Sink implements DeviceModel {
    private final Chain chain = new Chain();
    private DeviceContext context;

    @Override
    public DeviceSpec spec() {
      QueueSpec queue = new QueueSpec("q", 64, true);
      return new DeviceSpec(0x3f01, "sink", List.of(queue, queue), 0);
    }

    @Override
    public void start(DeviceContext to) {
      context = to;
    }

    @Override
    public int poll(int queue, int budget) {
      int done = 0;
      while (done < budget && context.queue(queue).peek(chain)) {
        context.queue(queue).complete(chain, chain.writable());
        done++;
      }
      return done;
    }

    @Override
    public void stop() {}
  }

  /// @param script see [Script]
  @FuzzTest(maxDuration = "1m")
  void survivesAnyConversation(byte[] script) throws IOException {
    UnixSocket[] pair = UnixSocket.pair();
    PollLoop loop = new PollLoop("fuzz", new EpollWaiter(), Idle.BLOCK);
    VirtioDevice device = new VirtioDevice("fuzz", 0, new Sink(), VirtioDevice.RING_FEATURES);
    LoopMap loops = LoopMap.single(loop);
    try (loop;
        ControlLoop control = new ControlLoop("fuzz");
        Script front = new Script(pair[1], script)) {
      MessageChannel channel = new MessageChannel(pair[0]);
      try (Session session = new Session(device, 0, loops, SignalPolicy.DIRECT, control, channel)) {
        while (front.step() && session.readable()) {
          int _ = loop.doWork();
        }
      } catch (ProtocolException e) {
        // The end of the conversation.
      }
      device.attach(new Attachment(new MappedMemory(List.of()), new NoSignals(), loops));
      device.detach();
    }
  }
}
