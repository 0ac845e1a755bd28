// A cooperative scheduler: tasks of different classes pass messages through queues until all work is done.

class Message {
  constructor(kind, size) {
    this.kind = kind;
    this.size = size;
    this.hops = 0;
    this.next = null;
  }
}

// A linked list: taking from the front and adding at the end cost the same, however long it is.
class Queue {
  constructor() {
    this.head = null;
    this.tail = null;
    this.length = 0;
  }
  put(message) {
    message.next = null;
    if (this.tail) this.tail.next = message;
    else this.head = message;
    this.tail = message;
    this.length += 1;
  }
  take() {
    const message = this.head;
    this.head = message.next;
    if (!this.head) this.tail = null;
    this.length -= 1;
    return message;
  }
}

class Task {
  constructor(kernel, name, priority) {
    this.kernel = kernel;
    this.name = name;
    this.priority = priority;
    this.inbox = new Queue();
    this.steps = 0;
  }
  get ready() {
    return this.inbox.length > 0;
  }
  run() {
    this.steps += 1;
    this.handle(this.inbox.take());
  }
}

class Source extends Task {
  constructor(kernel, name, priority, seed, left) {
    super(kernel, name, priority);
    this.state = seed;
    this.left = left;
  }
  get ready() {
    return this.left > 0 && !this.kernel.congested;
  }
  run() {
    this.steps += 1;
    this.left -= 1;
    // A linear congruential generator: the traffic looks random and is always the same.
    this.state = (Math.imul(this.state, 1103515245) + 12345) & 0x7fffffff;
    const kind = (this.state >> 16) % 3 === 0 ? "disk" : "net";
    this.kernel.send("router", new Message(kind, 1 + ((this.state >> 8) & 7)));
  }
}

class Router extends Task {
  handle(message) {
    message.hops += 1;
    if (message.size > 6) {
      // Too large for a device: cut in two.
      const rest = new Message(message.kind, message.size - 4);
      message.size = 4;
      rest.hops = message.hops;
      this.inbox.put(rest);
    }
    this.kernel.send(message.kind, message);
  }
}

class Device extends Task {
  constructor(kernel, name, priority, speed) {
    super(kernel, name, priority);
    this.speed = speed;
    this.done = 0;
  }
  handle(message) {
    message.hops += 1;
    message.size -= this.speed;
    if (message.size > 0) {
      this.kernel.send("router", message);
    } else {
      this.done += 1;
      this.kernel.send("sink", message);
    }
  }
}

class Sink extends Task {
  constructor(kernel, name, priority) {
    super(kernel, name, priority);
    this.byKind = { disk: 0, net: 0 };
    this.hops = 0;
  }
  handle(message) {
    this.byKind[message.kind] += 1;
    this.hops += message.hops;
  }
}

class Kernel {
  constructor() {
    this.tasks = [];
    this.byName = Object.create(null);
    this.pending = 0;
    this.switches = 0;
  }
  add(task) {
    this.tasks.push(task);
    this.tasks.sort((a, b) => b.priority - a.priority);
    this.byName[task.name] = task;
  }
  get congested() {
    return this.byName.router.inbox.length > 10;
  }
  send(name, message) {
    this.byName[name].inbox.put(message);
  }
  run() {
    for (let last = null; ; ) {
      const task = this.tasks.find((candidate) => candidate.ready);
      if (!task) return;
      if (task !== last) this.switches += 1;
      last = task;
      task.run();
    }
  }
}

const kernel = new Kernel();
kernel.add(new Router(kernel, "router", 2));
kernel.add(new Device(kernel, "disk", 3, 2));
kernel.add(new Device(kernel, "net", 4, 3));
kernel.add(new Sink(kernel, "sink", 1));
for (const { name, priority, seed, messages } of input.sources) {
  kernel.add(new Source(kernel, name, priority, seed, messages));
}
kernel.run();

const { sink, disk, net } = kernel.byName;
return {
  switches: kernel.switches,
  steps: Object.fromEntries(kernel.tasks.map((task) => [task.name, task.steps])),
  done: { disk: disk.done, net: net.done },
  sink: { byKind: sink.byKind, hops: sink.hops },
};
