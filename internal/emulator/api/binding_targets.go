package api

import (
	"net/http"
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A binder is the script whose bindings are checked. It may bind to itself,
// even while it is being created.
type binder struct {
	tx      *store.Tx
	account string
	name    string
	classes []string // the Durable Object classes that it has
}

// targetChecks look up the targets of bindings, except stores, which the table
// of binding types looks up.
var targetChecks = map[store.Lead]func(binder, store.Binding) error{
	store.ToWorker:            checkServiceBinding,
	store.ToObjectClass:       checkObjectClass,
	store.ToWorkflow:          checkWorkflow,
	store.ToDispatchNamespace: checkDispatch,
}

func checkTargets(b binder, bindings []store.Binding) error {
	for _, binding := range bindings {
		described := store.BindingTypeOf(binding.Type)
		if missing := described.Missing; missing != nil {
			if code, message := missing(b.tx, b.account, binding); message != "" {
				return fail(http.StatusBadRequest, code, "%s", message)
			}
		}
		if check := targetChecks[described.Leads]; check != nil {
			if err := check(b, binding); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkServiceBinding(b binder, binding store.Binding) error {
	return b.checkService("service binding", binding.Name, binding.Text("service"))
}

// checkObjectClass does not check a class of another script.
func checkObjectClass(b binder, binding store.Binding) error {
	script, class := binding.Text("script_name"), binding.Text("class_name")
	own := script == "" || script == b.name
	if own && class != "" && !slices.Contains(b.classes, class) {
		// Cloudflare's own words:
		// github.com/cloudflare/workers-sdk/issues/10246.
		return fail(http.StatusBadRequest, workersClassMissing,
			"Cannot create binding for class '%s' because it is not currently configured to implement Durable Objects. Ensure a --new-class migration has been applied to it.", class)
	}
	if checkWorkflow(b, binding) != nil {
		return fail(http.StatusBadRequest, workersClassMissing,
			"Script '%s' of the Durable Object binding '%s' not found", script, binding.Name)
	}
	return nil
}

// checkWorkflow does not check the class, because nothing here reads the code.
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

// checkService checks that an account Worker exists. Service bindings of user
// Workers also lead to account Workers: a user Worker cannot name its
// neighbours.
func (b binder) checkService(kind, binding, service string) error {
	if service == b.name || b.tx.Workers(b.account).Has(service) {
		return nil
	}
	return noSuchService(kind, binding, service)
}
