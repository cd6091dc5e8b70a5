// Command signup signs customers up: it gives each one a user Worker, using the
// stack file in this folder.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"time"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

func main() {
	log.SetFlags(0)
	stack := flag.String("stack", ".", "the stack file, or the folder it is in")
	listen := flag.String("listen", "127.0.0.1:8080", "where to take sign-ups")
	local := flag.String("local", "", "a folder for an account on this machine, instead of the one of the credentials")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *stack, *listen, *local); err != nil {
		log.Fatal(err)
	}
}

// run handles sign-ups until the context ends.
func run(ctx context.Context, stack, listen, dir string) error {
	s := &service{stack: stack}
	options := wfpsync.ConnectOptions{
		Token:     os.Getenv("CLOUDFLARE_API_TOKEN"),
		AccountID: os.Getenv("CLOUDFLARE_ACCOUNT_ID"),
		UserAgent: "signup/1.0",
	}
	var err error
	if dir != "" {
		workerd, err := wfpsync.FindWorkerd()
		if err != nil {
			return err
		}
		options.Local, err = wfpsync.OpenLocal(wfpsync.LocalOptions{Dir: dir, Workerd: workerd, Command: "signup"})
		if err != nil {
			return err
		}
		defer options.Local.Close()
	}
	if s.account, err = wfpsync.Connect(ctx, options); err != nil {
		return err
	}
	if options.Local != nil {
		if err := s.setUp(ctx); err != nil {
			return err
		}
		if workers, err := options.Local.Run(ctx, s.account.Info().ID, printed); err != nil {
			log.Print("the customers do not answer on this machine: ", err)
		} else {
			defer workers.Close()
			fmt.Println("customers answer at", workers.URL())
		}
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("sign-ups are taken at http://%s/customers\n", listener.Addr())
	server := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// printed logs what a Worker has printed.
func printed(m wfpsync.Message) {
	if m.Worker != "" {
		log.Printf("[%s] %s", m.Worker, m.Text)
	}
}

// service signs customers up on an account.
type service struct {
	stack   string
	account *wfpsync.Account
	mu      sync.Mutex // held while the list is written
}

// customer is a line of the list in the stack file.
type customer struct {
	ID   string `json:"id"`
	Plan string `json:"plan"`
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /customers", func(w http.ResponseWriter, r *http.Request) {
		var c customer
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&c); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		// A sign-up that has begun is finished even if the customer closes the
		// page.
		if err := s.signUp(context.WithoutCancel(r.Context()), c); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})
	return mux
}

// signUp adds a customer to the list and applies the change. If the customer's
// Worker cannot be created, the customer is not added.
func (s *service) signUp(ctx context.Context, c customer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := filepath.Join(s.stack, "customers.ndjson")
	before, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := os.WriteFile(list, append(bytes.Clone(before), append(line, '\n')...), 0o644); err != nil {
		return err
	}
	worker := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: c.ID}
	if err := s.apply(ctx, planner.Options{Targets: []string{worker.String()}}, only(worker)); err != nil {
		return errors.Join(err, os.WriteFile(list, before, 0o644))
	}
	return nil
}

// setUp applies the whole stack file.
func (s *service) setUp(ctx context.Context) error {
	return s.apply(ctx, planner.Options{}, func(*planner.Plan) error { return nil })
}

// only returns a review that rejects every plan except one that creates the
// resource.
func only(wanted spec.Address) func(*planner.Plan) error {
	return func(plan *planner.Plan) error {
		for _, change := range plan.Changes {
			if change.Address != wanted || change.Action != planner.Create {
				return fmt.Errorf("%s %s is not part of a sign-up", change.Action, change.Address)
			}
		}
		return nil
	}
}

// apply makes a plan, lets review check it, and applies it.
func (s *service) apply(ctx context.Context, options planner.Options, review func(*planner.Plan) error) error {
	project, err := wfpsync.Open(s.stack, wfpsync.Options{LookupEnv: os.LookupEnv})
	if err != nil {
		return err
	}
	plan, err := project.Plan(ctx, s.account, options)
	if err != nil {
		return err
	}
	if err := review(plan); err != nil {
		return err
	}
	result, err := s.account.Apply(ctx, plan, applier.Options{Secret: project.Secret}, nil)
	if err != nil {
		return err
	}
	for _, outcome := range result.Outcomes {
		if outcome.Status != applier.StatusApplied {
			return fmt.Errorf("%s %s: %s", outcome.Action, outcome.Address, outcome.Error)
		}
	}
	return nil
}
