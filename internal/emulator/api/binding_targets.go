package api

import (
	"net/http"
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A binder is the script whose bindings are checked. It may bind to itself, even when it is only just being created.
type binder struct {
	tx      *store.Tx
	account string
	name    string
	classes []string // the Durable Object classes that it has
}

// targetChecks look for what bindings lead tb. Only kinds of resources that live in the local account can be missing; an
// index or a certificate is taken on trust.
var targetChecks = map[store.Lead]func(binder, store.Binding) error{
	store.ToKVNamespace:       checkKVNamespace,
	store.ToD1Database:        checkD1Database,
	store.ToR2Bucket:          checkR2Bucket,
	store.ToQueue:             checkQueue,
	store.ToWorker:            checkServiceBinding,
	store.ToObjectClass:       checkObjectClass,
	store.ToWorkflow:          checkWorkflow,
	store.ToDispatchNamespace: checkDispatch,
}

func checkTargets(b binder, bindings []store.Binding) error {
	for _, binding := range bindings {
		check := targetChecks[store.BindingTypeOf(binding.Type).Leads]
		if check == nil {
			continue
		}
		if err := check(b, binding); err != nil {
			return err
		}
	}
	return nil
}

func checkKVNamespace(b binder, binding store.Binding) error {
	id := binding.Text("namespace_id")
	if !isID(id) {
		return fail(http.StatusBadRequest, workersKVInvalid, "KV namespace '%s' of the binding '%s' is not valid", id, binding.Name)
	}
	if _, found := b.tx.KVNamespace(b.account, id); !found {
		return fail(http.StatusBadRequest, workersKVNotFound, "KV namespace '%s' of the binding '%s' not found", id, binding.Name)
	}
	return nil
}

func checkD1Database(b binder, binding store.Binding) error {
	id := binding.DatabaseID()
	if _, found := b.tx.D1Database(b.account, id); !found {
		return fail(http.StatusBadRequest, workersD1NotFound, "D1 database '%s' of the binding '%s' not found", id, binding.Name)
	}
	return nil
}

func checkR2Bucket(b binder, binding store.Binding) error {
	jurisdiction, name := binding.Bucket()
	if _, found := b.tx.R2Bucket(b.account, jurisdiction, name); !found {
		return fail(http.StatusBadRequest, workersR2NotFound, "R2 bucket '%s' of the binding '%s' not found", name, binding.Name)
	}
	return nil
}

func checkQueue(b binder, binding store.Binding) error {
	name := binding.Text("queue_name")
	if _, found := b.tx.QueueByName(b.account, name); !found {
		return fail(http.StatusBadRequest, workersQueueNotFound, "Queue '%s' of the binding '%s' does not exist", name, binding.Name)
	}
	return nil
}

func checkServiceBinding(b binder, binding store.Binding) error {
	return b.checkService("service binding", binding.Name, binding.Text("service"))
}

// checkObjectClass takes a class of another script on trust.
func checkObjectClass(b binder, binding store.Binding) error {
	script, class := binding.Text("script_name"), binding.Text("class_name")
	own := script == "" || script == b.name
	if own && class != "" && !slices.Contains(b.classes, class) {
		// The real one's words: github.com/cloudflare/workers-sdk/issues/10246.
		return fail(http.StatusBadRequest, workersClassMissing,
			"Cannot create binding for class '%s' because it is not currently configured to implement Durable Objects. Ensure a --new-class migration has been applied to it.", class)
	}
	if checkWorkflow(b, binding) != nil {
		return fail(http.StatusBadRequest, workersClassMissing,
			"Script '%s' of the Durable Object binding '%s' not found", script, binding.Name)
	}
	return nil
}

// checkWorkflow takes the class on trust: nothing here looks into code.
func checkWorkflow(b binder, binding store.Binding) error {
	script := binding.Text("script_name")
	if script == "" || binding.Text("dispatch_namespace") != "" {
		return nil
	}
	return b.checkService("class binding", binding.Name, script)
}

func checkDispatch(b binder, binding store.Binding) error {
	if _, err := findNamespace(b.tx, b.account, binding.Text("namespace"), http.StatusBadRequest); err != nil {
		return err
	}
	outbound, err := binding.Outbound()
	if err != nil {
		return invalid("The outbound Worker of the binding '%s' is malformed: %v", binding.Name, err)
	}
	if slices.Contains(outbound.Params, "") {
		return invalid("An outbound parameter of the binding '%s' has no name", binding.Name)
	}
	if outbound.Service == "" {
		return nil
	}
	return b.checkService("outbound Worker of binding", binding.Name, outbound.Service)
}

// checkService wants an account Worker to exist. Service bindings of user Workers lead to account Workers as well: a
// user Worker cannot name its neighbours.
func (b binder) checkService(kind, binding, service string) error {
	if service == b.name || b.tx.Workers(b.account).Has(service) {
		return nil
	}
	return noSuchService(kind, binding, service)
}
