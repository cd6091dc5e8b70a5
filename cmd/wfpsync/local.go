package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

const defaultLocalPort = 8788

// localOptions are the flags of local.
type localOptions struct {
	port        int
	zones       []string
	nested      bool
	withoutTags bool
}

func (a *app) localCommand() *cobra.Command {
	var options localOptions
	cmd := &cobra.Command{
		Use:   "local",
		Short: "Serve the account on this machine to wrangler, curl or an SDK",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.interruptible(cmd.Context(), func(ctx context.Context) error { return a.serveLocal(ctx, options) })
		},
	}
	a.addLocalFlag(cmd.Flags())
	cmd.AddCommand(a.installRuntimeCommand())
	cmd.Flags().IntVar(&options.port, "port", defaultLocalPort, "the port to listen on; 0 picks a free one")
	cmd.Flags().StringSliceVar(&options.zones, "zone", nil, "a zone the account is to have, such as `example.com`")
	cmd.Flags().BoolVar(&options.nested, "list-nested", false, "list user Workers in the nested shape that the API reference documents")
	cmd.Flags().BoolVar(&options.withoutTags, "list-without-tags", false, "leave tags out of lists of user Workers, as the API once did")
	return cmd
}

func (a *app) serveLocal(ctx context.Context, o localOptions) error {
	if !a.flags.local.on() {
		a.flags.local.dir = defaultLocalDir
	}
	a.servesLocal = true
	local, err := a.openLocal(emulator.Options{Options: api.Options{ListShape: api.ListShape{Nested: o.nested, WithoutTags: o.withoutTags}}})
	if err != nil {
		return err
	}
	defer local.Close()
	for _, zone := range o.zones {
		if err := local.EnsureZone(emulator.LocalAccountID, zone); err != nil {
			return err
		}
	}
	return a.serve(ctx, local, o.port)
}

// serve answers requests until the context ends.
func (a *app) serve(ctx context.Context, handler http.Handler, port int) error {
	listener, err := listenOn(port, "--port")
	if err != nil {
		return err
	}
	defer a.hold("http://" + listener.Addr().String() + emulator.BasePath)()
	fmt.Fprintf(a.stdout, `The local account is at http://%[1]s/client/v4 until you stop it with Ctrl-C.

  export CLOUDFLARE_BASE_URL=http://%[1]s/client/v4
  export CLOUDFLARE_API_BASE_URL=http://%[1]s/client/v4
  export CLOUDFLARE_API_TOKEN=local
  export CLOUDFLARE_ACCOUNT_ID=%[2]s
`, listener.Addr(), emulator.LocalAccountID)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(grace)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
