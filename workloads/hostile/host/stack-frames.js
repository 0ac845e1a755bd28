/*---
why = "Asks for structured stack frames and, through them, for the functions and receivers of the frames below, the host's among them."
expect = ["ok"]
---*/
Error.prepareStackTrace = (error, sites) => sites;
const sites = new Error('look down').stack;
Error.prepareStackTrace = undefined;
let reached = 0;
for (const site of Array.isArray(sites) ? sites : []) {
  if (typeof site.getFunction === 'function' && typeof site.getFunction() === 'function') reached++;
  if (typeof site.getThis === 'function' && typeof site.getThis() === 'object') reached++;
}
return reached;
