package runtime

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// handler handles the host's requests to the account.
func (r *Runtime) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(*http.Request) (response, error){
		"GET /load":          r.load,
		"/asset":             r.asset,
		"GET /routes":        r.routes,
		"POST /log":          r.log,
		"POST /queue/{name}": r.send,
		"GET /kv/{id}":       r.getKV,
		"PUT /kv/{id}":       r.putKV,
		"DELETE /kv/{id}":    r.deleteKV,
		"POST /kv/{id}":      r.listKV,

		"GET /cache/{scope}":    r.matchCached,
		"PUT /cache/{scope}":    r.putCached,
		"DELETE /cache/{scope}": r.deleteCached,

		"GET /r2/{jurisdiction}/{bucket}":    r.getR2,
		"PUT /r2/{jurisdiction}/{bucket}":    r.putR2,
		"DELETE /r2/{jurisdiction}/{bucket}": r.deleteR2,
		"POST /r2/{jurisdiction}/{bucket}":   r.postR2,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, request *http.Request) {
			made, err := answer(request)
			var refused *httpError
			switch {
			case errors.As(err, &refused):
				http.Error(w, refused.text, refused.status)
			case err != nil:
				http.Error(w, err.Error(), http.StatusInternalServerError)
			case made == nil:
				w.WriteHeader(http.StatusOK)
			default:
				made(w, request)
			}
		})
	}
	return mux
}

// A response writes itself; nil is one without a body.
type response func(http.ResponseWriter, *http.Request)

func jsonResponse(value any) (response, error) {
	raw, err := json.Marshal(value)
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(raw) // on an error, the host has gone
	}, err
}

// An httpError is the caller's fault.
type httpError struct {
	status int
	text   string
}

func (r *httpError) Error() string { return r.text }

var errNotThere = &httpError{http.StatusNotFound, "not found"}

// load returns the current code and bindings of a Worker.
func (r *Runtime) load(request *http.Request) (response, error) {
	namespace, name := request.FormValue("namespace"), request.FormValue("name")
	r.noteAsked(workerID{namespace, name})
	var loaded code
	err := r.parts.Store.View(func(tx *store.Tx) error {
		scripts := tx.Workers(r.options.Account)
		if namespace != "" {
			scripts = tx.UserWorkers(r.options.Account, namespace)
		}
		script, found := scripts.Get(name)
		if !found {
			return errNotThere
		}
		made, err := r.codeOf(tx, namespace, script)
		loaded = made
		return err
	})
	if err != nil {
		return nil, err
	}
	return jsonResponse(loaded)
}

// log reports what a Worker printed and threw.
func (r *Runtime) log(request *http.Request) (response, error) {
	var events []struct {
		Ray  string `json:"ray"`
		Logs []struct {
			Time  int64  `json:"time"` // in milliseconds
			Level string `json:"level"`
			Text  string `json:"text"`
		} `json:"logs"`
		Exceptions []struct {
			Time    int64  `json:"time"`
			Name    string `json:"name"`
			Message string `json:"message"`
			Stack   string `json:"stack"`
		} `json:"exceptions"`
	}
	if err := json.NewDecoder(request.Body).Decode(&events); err != nil {
		return nil, err
	}
	id := request.FormValue("worker")
	worker := r.nameOf(id)
	for _, event := range events {
		for _, line := range event.Logs {
			r.options.Tell(Message{Worker: worker, Level: line.Level, Text: line.Text, Time: time.UnixMilli(line.Time), Ray: event.Ray})
		}
		for _, thrown := range event.Exceptions {
			text := "Uncaught " + thrown.Name + ": " + thrown.Message
			if thrown.Stack != "" {
				text += "\n" + r.mapStack(worker, id, thrown.Stack)
			}
			if strings.HasPrefix(thrown.Message, internalError) {
				text += "\n    workerd gives no details. Usually a Worker has requested an address that it cannot reach here: this machine, its network, or a name that is not found."
			}
			r.options.Tell(Message{Worker: worker, Level: "error", Text: text, Time: time.UnixMilli(thrown.Time), Ray: event.Ray})
		}
	}
	return nil, nil
}

// internalError is how workerd begins the messages that hide the cause from a
// Worker.
const internalError = "internal error; reference = "

// nameOf returns the user's name for the Worker that the host calls id.
func (r *Runtime) nameOf(id string) string {
	namespaceID, name, _ := strings.Cut(id, "/")
	if namespaceID == "" {
		return name
	}
	namespace := namespaceID
	_ = r.parts.Store.View(func(tx *store.Tx) error { // if this fails, the id will do
		for _, n := range tx.DispatchNamespaces(r.options.Account) {
			if n.ID == namespaceID {
				namespace = n.Name
			}
		}
		return nil
	})
	return namespace + "/" + name
}
