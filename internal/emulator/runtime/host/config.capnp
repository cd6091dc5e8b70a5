# The one static Worker of the runtime. Every other Worker is loaded by it, on demand, from what the account has.
# What is between at signs is filled in by files.go; the sockets' addresses are replaced by descriptors of ours.
using Workerd = import "/workerd/workerd.capnp";

const server :Workerd.Config = (
  services = .services,
  sockets = [
    ( name = "http", address = "127.0.0.1:0", http = (), service = "host" ),
    ( name = "control", address = "127.0.0.1:0", http = (), service = ( name = "host", entrypoint = "Control" ) ),
  ],
);

# Starts the code of uploads and answers no requests.
const validator :Workerd.Config = (
  services = .services,
  sockets = [
    ( name = "control", address = "127.0.0.1:0", http = (), service = ( name = "host", entrypoint = "Control" ) ),
  ],
);

const services :List(Workerd.Service) = [
  ( name = "host", worker = .host ),
  # The account, on a Unix socket that no Worker but the host can name.
  ( name = "account", external = ( address = "unix:@ACCOUNT@", http = () ) ),
  # What Workers reach: not this machine and not its network, so that a user Worker cannot call the account's API.
  ( name = "internet", network = ( allow = ["public"], tlsOptions = ( trustBrowserCas = true ) ) ),
  ( name = "nowhere", network = ( allow = [] ) ),
  ( name = "objects", disk = ( path = "@OBJECTS@", writable = true ) ),
];

const host :Workerd.Worker = (
  modules = [
    ( name = "host.js", esModule = embed "host.js" ),
    ( name = "boot.js.txt", text = embed "boot.js" ),
  ],
  compatibilityDate = "2025-08-20",
  compatibilityFlags = ["enable_ctx_exports", "service_binding_extra_handlers"],
  bindings = [
    ( name = "LOADER", workerLoader = ( id = "account" ) ),
    ( name = "ACCOUNT", service = "account" ),
    ( name = "INTERNET", service = "internet" ),
  ],
  durableObjectNamespaces = [
    ( className = "Objects", uniqueKey = "objects", enableSql = true ),
    ( className = "Database", uniqueKey = "databases", enableSql = true ),
  ],
  durableObjectStorage = ( localDisk = "objects" ),
  globalOutbound = "nowhere",
);
