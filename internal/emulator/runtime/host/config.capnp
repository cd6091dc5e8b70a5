# The configuration of workerd: the host, which loads the account's Workers on
# demand, and the account's dispatcher, if there is one. config.go fills in this
# template. Descriptors of ours replace the addresses of the sockets.
using Workerd = import "/workerd/workerd.capnp";

const server :Workerd.Config = (
  services = .services,
  sockets = [
    ( name = "http", address = "127.0.0.1:0", http = (), service = {{if .Dispatcher}}"dispatcher"{{else}}"host"{{end}} ),
    ( name = "control", address = "127.0.0.1:0", http = (), service = ( name = "host", entrypoint = "Control" ) ),
  ],
);

# This one only starts the code of uploads, and serves no requests.
const validator :Workerd.Config = (
  services = .services,
  sockets = [
    ( name = "control", address = "127.0.0.1:0", http = (), service = ( name = "host", entrypoint = "Control" ) ),
  ],
);

const services :List(Workerd.Service) = [
  ( name = "host", worker = .host ),
{{- if .Dispatcher}}
  ( name = "dispatcher", worker = .dispatcher ),
{{- end}}
  # The account, on a Unix socket that no Worker but the host can name.
  ( name = "account", external = ( address = {{text (print "unix:" .Account)}}, http = () ) ),
  # What Workers can reach: neither this machine nor its network, so that a user
  # Worker cannot call the account's API.
  ( name = "internet", network = ( allow = ["public"], tlsOptions = ( trustBrowserCas = true ) ) ),
  ( name = "nowhere", network = ( allow = [] ) ),
  ( name = "objects", disk = ( path = {{text .Objects}}, writable = true ) ),
];

const host :Workerd.Worker = (
  modules = [
    ( name = "host.js", esModule = embed "host.js" ),
    ( name = "incoming.js", esModule = embed "incoming.js" ),
  ],
  compatibilityDate = "2025-08-20",
  compatibilityFlags = ["enable_ctx_exports", "service_binding_extra_handlers"],
  bindings = [
    ( name = "LOADER", workerLoader = ( id = "account" ) ),
    ( name = "ACCOUNT", service = "account" ),
{{- range .WorkerModules}}
    ( name = {{text .}}, text = embed {{text (print "worker/" .)}} ),
{{- end}}
    ( name = "INTERNET", service = "internet" ),
    ( name = "FOLLOWS", json = "{{.Follows}}" ),
{{- if .Dispatcher}}
    ( name = "DISPATCHER", service = ( name = "dispatcher", props = ( json = "{\"__wfpsync\":true}" ) ) ),
{{- end}}
  ],
  durableObjectNamespaces = [
    ( className = "Objects", uniqueKey = "objects", enableSql = true ),
    ( className = "Database", uniqueKey = "databases", enableSql = true ),
  ],
  durableObjectStorage = ( localDisk = "objects" ),
  globalOutbound = "nowhere",
);
{{- with .Dispatcher}}

# The dispatcher with our modules around its own. It shares the host's loader, so
# that it finds the Workers that the host has loaded.
const dispatcher :Workerd.Worker = (
  modules = [
    ( name = "__wfpsync/main.js", esModule = {{text .Main}} ),
    ( name = "__wfpsync/dispatcher.js", esModule = embed "dispatcher.js" ),
    ( name = "__wfpsync/incoming.js", esModule = embed "incoming.js" ),
    ( name = "__wfpsync/tell.js", esModule = embed "tell.js" ),
{{- range $.WorkerModules}}
    ( name = {{text (print "__wfpsync/" .)}}, esModule = embed {{text (print "worker/" .)}} ),
{{- end}}
{{- range .Modules}}
    ( name = {{text .Name}}, {{.Kind}} = embed {{text .File}} ),
{{- end}}
  ],
  compatibilityDate = {{text .Date}},
  compatibilityFlags = [{{range $i, $flag := .Flags}}{{if $i}}, {{end}}{{text $flag}}{{end}}],
  bindings = [
    ( name = "__wfpsync_loader", workerLoader = ( id = "account" ) ),
    ( name = "__wfpsync_host", service = "host" ),
    ( name = "__wfpsync_ask", service = ( name = "host", entrypoint = "Questions", props = ( json = {{text .ID}} ) ) ),
{{- range .Values}}
    ( name = {{text .Name}}, json = {{text .JSON}} ),
{{- end}}
{{- range .Stubs}}
    ( name = {{text .Name}}, service = ( name = "host", entrypoint = {{text .Entrypoint}}, props = ( json = {{text .JSON}} ) ) ),
{{- end}}
  ],
{{- if .Tail}}
  tails = [ ( name = "host", entrypoint = "Tail", props = ( json = {{text .ID}} ) ) ],
{{- end}}
  globalOutbound = "internet",
);
{{- end}}
