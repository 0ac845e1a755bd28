# The address comes from the command line: workerd serve --experimental workerd.capnp --socket-addr http=127.0.0.1:8085
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:8085", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
    (name = "workerd.mjs", esModule = embed "workerd.mjs"),
    (name = "execute.mjs", esModule = embed "execute.mjs"),
  ],
  bindings = [(name = "UNSAFE_EVAL", unsafeEval = void)],
  compatibilityDate = "2026-11-01",
);
