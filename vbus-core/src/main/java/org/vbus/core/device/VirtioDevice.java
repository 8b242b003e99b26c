package org.vbus.core.device;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ledger.Repeats;
import org.vbus.core.ledger.Tally;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.WriteLog;
import org.vbus.core.ring.Inflight;
import org.vbus.core.ring.RingFault;
import org.vbus.core.ring.VirtQueue;

/// The device half of virtio around a [DeviceModel], whatever the transport: device status, feature
/// negotiation, queue set-up, reset (2.1 to 2.6, 3.1).
///
/// Control methods may be called by any thread and are serialised per device; they must not be
/// called on a poll loop, because starting and stopping wait for the loops. A fault found on a loop
/// sets NEEDS_RESET at once, without taking the lock.
public final class VirtioDevice {
  private static final Logger LOG = LoggerFactory.getLogger(VirtioDevice.class);

  /// Features that rings and transports of this project offer for every device.
  public static final long RING_FEATURES =
      Feature.setOf(
          Feature.VERSION_1,
          Feature.INDIRECT_DESC,
          Feature.EVENT_IDX,
          Feature.RING_PACKED,
          Feature.IN_ORDER,
          Feature.RING_RESET);

  private final String name;
  private final int slot;
  private final DeviceModel model;
  private final DeviceSpec spec;
  private final long offered;
  private final QueueState[] queues;
  private final Map<PollLoop, List<QueueTask>> started = new LinkedHashMap<>();
  private final Repeats complaints = new Repeats();
  private volatile @Nullable Attachment attachment;
  private long accepted;
  private boolean running;

  /// Changes under way for which the model is stopped once, see [#reconfigure].
  private int reconfiguring;

  private int coalesceCompletions;
  private int coalesceMicros;
  private volatile int status;

  /// What the driver set for one queue.
  private static final class QueueState {
    final Ledger ledger = new Ledger();
    int size;
    long desc;
    long avail;
    long used;
    boolean ready;
    @Nullable WriteLog log;
    long usedLog;
    volatile boolean refused;
    volatile @Nullable VirtQueue queue;
  }

  /// A device in `slot` of its bus.
  ///
  /// @param ringFeatures which of [#RING_FEATURES] to offer; VERSION_1 is always offered
  public VirtioDevice(String name, int slot, DeviceModel model, long ringFeatures) {
    this.name = name;
    this.slot = slot;
    this.model = model;
    this.spec = model.spec();
    this.offered = spec.features() | (ringFeatures & RING_FEATURES) | Feature.VERSION_1.mask();
    this.queues = new QueueState[spec.queues().size()];
    for (int i = 0; i < queues.length; i++) {
      queues[i] = new QueueState();
      queues[i].size = spec.queues().get(i).maxSize();
    }
  }

  /// Name on its bus.
  public String name() {
    return name;
  }

  /// What it is.
  public DeviceSpec spec() {
    return spec;
  }

  /// The model behind it.
  public DeviceModel model() {
    return model;
  }

  /// Ties the device to a guest; it stays reset until the driver initialises it.
  ///
  /// @throws IllegalStateException when it is tied to one already
  public synchronized void attach(Attachment to) {
    if (attachment != null) {
      throw new IllegalStateException(name + " is attached already");
    }
    attachment = to;
  }

  /// Stops the device and forgets the guest; after it returns no loop touches the guest's memory
  /// for it.
  public synchronized void detach() {
    reset();
    attachment = null;
  }

  /// Feature bits offered.
  public long offeredFeatures() {
    return offered;
  }

  /// The driver's choice so far; negotiated once FEATURES_OK is set.
  public synchronized long acceptedFeatures() {
    return accepted;
  }

  /// The driver writes the features it accepts; ignored after FEATURES_OK (3.1.1 step 5).
  public synchronized void acceptFeatures(long features) {
    if ((status & DeviceStatus.FEATURES_OK) == 0) {
      accepted = features;
    }
  }

  /// The status field. Any thread.
  public int status() {
    return status;
  }

  /// The driver writes the status field: 0 resets, other bits are added one initialisation step at
  /// a time.
  public synchronized void writeStatus(int value) {
    if (attachment == null) {
      // The driver lost a race with unplugging.
      return;
    }
    if (value == 0) {
      reset();
      return;
    }
    int added = value & ~status & DeviceStatus.OF_DRIVER;
    if ((added & DeviceStatus.FEATURES_OK) != 0 && !featuresAgreeable()) {
      complain(
          "{}: driver accepted features 0x{} of 0x{}; FEATURES_OK refused",
          name,
          Long.toHexString(accepted),
          Long.toHexString(offered));
      added &= ~DeviceStatus.FEATURES_OK;
    }
    if ((added & DeviceStatus.DRIVER_OK) != 0
        && ((status | added) & DeviceStatus.FEATURES_OK) == 0) {
      complain("{}: driver set DRIVER_OK without FEATURES_OK; ignored", name);
      added &= ~DeviceStatus.DRIVER_OK;
    }
    orStatus(added);
    if ((added & DeviceStatus.DRIVER_OK) != 0) {
      start();
    }
  }

  /// A subset of what was offered, with VERSION_1 (2.2.2; vbus devices are not transitional).
  private boolean featuresAgreeable() {
    return (accepted & ~offered) == 0 && Feature.VERSION_1.in(accepted);
  }

  private void complain(String text, Object... arguments) {
    if (complaints.worthALine()) {
      LOG.warn(text, arguments);
    }
  }

  private void orStatus(int bits) {
    synchronized (queues) {
      status |= bits;
    }
  }

  /// Number of queues.
  public int queueCount() {
    return queues.length;
  }

  /// Most entries of queue `i`, 0 when there is no such queue.
  public int maxQueueSize(int i) {
    return exists(i) ? spec.queues().get(i).maxSize() : 0;
  }

  private boolean exists(int i) {
    return i >= 0 && i < queues.length;
  }

  /// The driver sets where queue `i` is and how long; ignored for queues that do not exist, are
  /// enabled, or get an illegal size, which enabling then refuses.
  public synchronized void placeQueue(int i, VirtQueue.Addresses at) {
    if (exists(i) && !queues[i].ready) {
      queues[i].size = at.size();
      queues[i].desc = at.desc();
      queues[i].avail = at.avail();
      queues[i].used = at.used();
    }
  }

  /// Where the driver put queue `i`.
  public synchronized VirtQueue.Addresses placeOfQueue(int i) {
    if (!exists(i)) {
      return new VirtQueue.Addresses(0, 0, 0, 0);
    }
    QueueState q = queues[i];
    return new VirtQueue.Addresses(q.size, q.desc, q.avail, q.used);
  }

  /// Whether the driver enabled queue `i`.
  public synchronized boolean queueReady(int i) {
    return exists(i) && queues[i].ready;
  }

  /// The driver enables queue `i` before DRIVER_OK, with RING_RESET also after it (2.6.1.2), or
  /// disables it. Either restarts the model of a running device: the other queues go on where they
  /// are, but chains the model held are not completed any more.
  public synchronized void queueReady(int i, boolean ready) {
    if (!exists(i) || queues[i].ready == ready) {
      return;
    }
    boolean live = (status & DeviceStatus.DRIVER_OK) != 0;
    if (ready && live && (!Feature.RING_RESET.in(accepted) || running != hasQueues())) {
      complain("{}: driver enabled queue {} after DRIVER_OK; ignored", name, i);
      return;
    }
    int size = queues[i].size;
    if (ready && (!VirtQueue.isLegalSize(size, accepted) || size > maxQueueSize(i))) {
      complain("{}: driver chose {} entries for queue {}; refused", name, size, i);
      return;
    }
    queues[i].ready = ready;
    if (ready && live) {
      reconfigure(() -> open(Objects.requireNonNull(attachment), i));
    } else if (running) {
      reconfigure(() -> queues[i].queue = null);
    }
  }

  /// The driver resets queue `i` by itself (2.6.1.1); ignored without RING_RESET. When this returns
  /// no loop touches the queue's memory, nothing of its place and size is left, and its fault is
  /// forgotten.
  public synchronized void resetQueue(int i) {
    if (!exists(i) || !Feature.RING_RESET.in(accepted)) {
      return;
    }
    if (queues[i].queue != null) {
      reconfigure(() -> queues[i].queue = null);
    }
    forget(i);
  }

  private void forget(int i) {
    QueueState q = queues[i];
    q.queue = null;
    q.refused = false;
    q.ready = false;
    q.size = maxQueueSize(i);
    q.desc = 0;
    q.avail = 0;
    q.used = 0;
  }

  // Transports without a status field, which start and stop queues one by one (vhost-user).

  /// Makes several changes of queues for which the model is stopped and started just once: when
  /// `changes` runs no loop touches the guest's memory for this device, when this returns the
  /// queues that are started then are polled.
  public synchronized void reconfigure(Runnable changes) {
    boolean ran = running && reconfiguring == 0;
    if (ran) {
      stop();
    }
    reconfiguring++;
    try {
      changes.run();
    } finally {
      reconfiguring--;
      if (reconfiguring == 0 && hasQueues()) {
        start();
      }
    }
  }

  private boolean hasQueues() {
    for (QueueState q : queues) {
      if (q.queue != null) {
        return true;
      }
    }
    return false;
  }

  /// Sets the features that the driver accepted, for queues started from now on.
  public synchronized void negotiate(long features) {
    accepted = features;
  }

  /// Sets another view of the guest's memory, for queues started from now on; none is started now.
  public synchronized void replaceMemory(GuestMemory memory) {
    Attachment to = Objects.requireNonNull(attachment);
    attachment = new Attachment(memory, to.signals(), to.loops());
  }

  /// Starts queue `i`, whatever the status: a transport that starts queues has a driver that is
  /// ready.
  ///
  /// @param position where it goes on, see [VirtQueue#position()]
  /// @param account of chains that are in flight there, with which it begins; null for none
  /// @return false when the place or the position cannot be
  public synchronized boolean startQueue(
      int i, VirtQueue.Addresses at, int position, @Nullable Inflight account) {
    Attachment to = Objects.requireNonNull(attachment);
    VirtQueue queue = open(to, i, at, position);
    if (queue == null) {
      return false;
    }
    if (account != null) {
      queue.keepAccount(account);
    }
    reconfigure(() -> {
      queues[i].queue = queue;
      orStatus(DeviceStatus.READY);
    });
    return true;
  }

  /// Stops queue `i`; the others go on.
  ///
  /// @return where it stood
  public synchronized int stopQueue(int i) {
    VirtQueue queue = queues[i].queue;
    if (queue == null) {
      return 0;
    }
    reconfigure(() -> queues[i].queue = null);
    return queue.position();
  }

  /// Moderates the notifications of queues started from now on, until the driver says otherwise;
  /// see [org.vbus.core.ring.Coalescing#limits].
  public synchronized void coalesce(int completions, int micros) {
    coalesceCompletions = completions;
    coalesceMicros = micros;
  }

  /// Tells `log`, or nobody any more, what is written for queue `i`, from the return of this on;
  /// see [VirtQueue#logWrites].
  public synchronized void logWrites(int i, @Nullable WriteLog log, long used) {
    QueueState q = queues[i];
    q.log = log;
    q.usedLog = used;
    VirtQueue queue = q.queue;
    Attachment to = attachment;
    if (queue != null && to != null) {
      to.loops().loop(slot, i).execute(() -> queue.logWrites(log, used));
    }
  }

  /// Whether the model has been started for the present driver.
  public synchronized boolean running() {
    return running;
  }

  private void start() {
    Attachment to = Objects.requireNonNull(attachment);
    for (int i = 0; i < queues.length; i++) {
      if (queues[i].ready && queues[i].queue == null) {
        open(to, i);
      }
    }
    for (QueueState q : queues) {
      VirtQueue queue = q.queue;
      if (queue != null) {
        queue.repeatTaken();
      }
    }
    try {
      model.start(new Context(to));
    } catch (RuntimeException | Error e) {
      LOG.error("{}: device model does not start; only a reset helps", name, e);
      needsReset();
      return;
    }
    running = true;
    for (QueueState q : queues) {
      VirtQueue queue = q.queue;
      if (queue != null) {
        QueueSpec of = spec.queues().get(queue.index());
        started
            .computeIfAbsent(to.loops().loop(slot, queue.index()), loop -> new ArrayList<>())
            .add(new QueueTask(model, queue, name + "." + of.name(), model.kicks(queue.index())));
      }
    }
    started.forEach((loop, tasks) -> loop.execute(() -> tasks.forEach(loop::add)));
  }

  private void open(Attachment to, int i) {
    QueueState q = queues[i];
    VirtQueue.Addresses at = new VirtQueue.Addresses(q.size, q.desc, q.avail, q.used);
    VirtQueue queue = open(to, i, at, VirtQueue.freshPosition(accepted));
    if (queue == null) {
      complain(
          "{}: queue {} refused: {} ({})",
          name,
          i,
          RingFault.BAD_RING_ADDRESS.text(),
          RingFault.BAD_RING_ADDRESS.clause());
      q.refused = true;
      needsReset();
      return;
    }
    q.queue = queue;
  }

  private @Nullable VirtQueue open(Attachment to, int i, VirtQueue.Addresses at, int position) {
    VirtQueue queue =
        VirtQueue.open(
            i,
            at,
            to.memory(),
            accepted,
            position,
            queues[i].ledger,
            () -> to.signals().queue(i),
            this::faulted);
    if (queue != null) {
      queue.bind(to.loops().loop(slot, i).burst());
      queue.coalescing().limits(coalesceCompletions, coalesceMicros);
      queue.logWrites(queues[i].log, queues[i].usedLog);
    }
    return queue;
  }

  private void stop() {
    if (!running) {
      return;
    }
    started.forEach((loop, tasks) -> loop.execute(() -> tasks.forEach(loop::remove)));
    started.clear();
    running = false;
    try {
      model.stop();
    } catch (RuntimeException | Error e) {
      LOG.error("{}: device model failed to stop", name, e);
    }
  }

  /// Back to the state before initialisation (2.4): queues stopped and forgotten, status 0.
  public synchronized void reset() {
    stop();
    try {
      model.reset();
    } catch (RuntimeException | Error e) {
      LOG.error("{}: device model failed to reset", name, e);
    }
    for (int i = 0; i < queues.length; i++) {
      forget(i);
      queues[i].log = null;
    }
    accepted = 0;
    synchronized (queues) {
      status = 0;
    }
  }

  /// The driver kicked queue `i`: a hint, never a count. Any thread.
  public void kick(int i) {
    if (!exists(i)) {
      return;
    }
    Attachment to = attachment;
    if (to != null && queues[i].queue != null) {
      to.loops().loop(slot, i).wake();
    }
  }

  private void faulted(VirtQueue queue) {
    RingFault fault = queue.fault();
    if (fault != null && fault != RingFault.DEVICE_ERROR) {
      complain(
          "{}: guest broke queue {}: {} (index {}, virtio {}); the queue is stopped until reset",
          name,
          spec.queues().get(queue.index()).name(),
          fault.text(),
          queue.faultIndex(),
          fault.clause());
    }
    try {
      needsReset();
    } catch (RuntimeException | Error e) {
      LOG.error("{}: the guest cannot be told that the device needs a reset", name, e);
    }
  }

  /// Tells the driver that only a reset helps (2.1.2).
  public void needsReset() {
    int before = status;
    orStatus(DeviceStatus.NEEDS_RESET);
    if ((before & DeviceStatus.DRIVER_OK) != 0) {
      signalConfig();
    }
  }

  private void signalConfig() {
    Attachment to = attachment;
    if (to != null) {
      to.signals().config();
    }
  }

  /// The `size` configuration bytes at `offset`; 0 beyond the configuration space.
  public long readConfig(int offset, int size) {
    return model instanceof HasConfig has ? has.config().get(offset, size) : 0;
  }

  /// The driver writes configuration bytes; ignored beyond the configuration space.
  public void writeConfig(int offset, int size, long value) {
    if (model instanceof HasConfig has && (long) offset + size <= has.config().size()) {
      has.configWritten(offset, size, value);
    }
  }

  /// Changes when the configuration does.
  public int configGeneration() {
    return model instanceof HasConfig has ? has.config().generation() : 0;
  }

  /// The device's attributes, none when it has no such power.
  public List<Attribute> attributes() {
    return model instanceof HasAttributes has ? has.attributes() : List.of();
  }

  /// The first fault of queue `i` since it was started, or null; BAD_RING_ADDRESS when it could not
  /// be started at all.
  public @Nullable RingFault fault(int i) {
    VirtQueue queue = queues[i].queue;
    if (queue == null) {
      return queues[i].refused ? RingFault.BAD_RING_ADDRESS : null;
    }
    return queue.fault();
  }

  /// The crossings the device asked for, all queues together, since it was made.
  public Tally tally() {
    Tally sum = Tally.zero();
    for (QueueState q : queues) {
      sum = sum.plus(q.ledger.tally());
    }
    return sum;
  }

  /// The counters of one queue's crossings, for the transport to count kicks and interrupts.
  public Ledger ledger(int i) {
    return queues[i].ledger;
  }

  /// The crossings of one queue.
  public Tally tally(int i) {
    return queues[i].ledger.tally();
  }

  private final class Context implements DeviceContext {
    private final Attachment to;
    private final long features = accepted;

    Context(Attachment to) {
      this.to = to;
    }

    @Override
    public long features() {
      return features;
    }

    @Override
    public VirtQueue queue(int index) {
      VirtQueue queue = queues[index].queue;
      if (queue == null) {
        throw new IllegalStateException(name + ": queue " + index + " is not enabled");
      }
      return queue;
    }

    @Override
    public boolean enabled(int index) {
      return queues[index].queue != null;
    }

    @Override
    public PollLoop loop(int index) {
      return to.loops().loop(slot, index);
    }

    @Override
    public void configChanged() {
      if ((status & DeviceStatus.DRIVER_OK) != 0) {
        signalConfig();
      }
    }
  }
}
