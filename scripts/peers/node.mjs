// Node.js, scripts in the server's own realm.

import { clock, compileHere, executor, port } from "./execute.mjs";
import { serve } from "./on-node.mjs";

serve(executor(compileHere, clock), port(process.argv[2]));
