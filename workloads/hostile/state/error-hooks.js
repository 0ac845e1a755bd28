/*---
why = "Replaces how errors and their stacks are made; the host's reports of other jobs' failures go through the guest."
expect = ["ok", "exception"]
---*/
Error.prepareStackTrace = () => 'nothing to see';
Error.stackTraceLimit = 0;
Error.captureStackTrace = () => {
  throw new Error('hook');
};
Error.prototype.toString = () => 'all is well';
Object.defineProperty(Error.prototype, 'name', { value: 'Fine', writable: true });
return String(new Error('broken'));
