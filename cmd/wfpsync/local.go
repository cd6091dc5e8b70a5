package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync"
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
		Long: `local serves the API of the account on this machine until it is stopped, and
prints what other programs need to use it. The account is the one that --local
uses in other commands.`,
		Example: `  wfpsync local
  wfpsync local --port 9000 --zone example.com`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.interruptible(cmd.Context(), func(ctx context.Context) error { return a.serveLocal(ctx, options) })
		},
	}
	a.addLocalFlag(cmd.Flags())
	cmd.AddCommand(a.installRuntimeCommand())
	cmd.Flags().IntVar(&options.port, "port", defaultLocalPort, "the port to listen on; 0 picks a free one")
	cmd.Flags().StringSliceVar(&options.zones, "zone", nil, "a zone to give the account, such as `example.com`")
	cmd.Flags().BoolVar(&options.nested, "list-nested", false, "list user Workers in the nested shape that the API reference documents")
	cmd.Flags().BoolVar(&options.withoutTags, "list-without-tags", false, "leave tags out of lists of user Workers, as the API once did")
	return cmd
}

// serveLocal serves the account until the context ends.
func (a *app) serveLocal(ctx context.Context, o localOptions) error {
	if !a.flags.local.on() {
		a.flags.local.dir = defaultLocalDir
	}
	listener, err := listenOn(o.port, "--port")
	if err != nil {
		return err
	}
	defer listener.Close()
	local, err := a.openLocal(wfpsync.LocalOptions{Listener: listener, Shared: true, ListNested: o.nested, ListWithoutTags: o.withoutTags})
	if err != nil {
		return err
	}
	for _, zone := range o.zones {
		if err := local.EnsureZone(wfpsync.LocalAccountID, zone); err != nil {
			return errors.Join(err, local.Close())
		}
	}
	fmt.Fprintf(a.stdout, `The local account is at %[1]s until you stop it with Ctrl-C.

  export CLOUDFLARE_BASE_URL=%[1]s
  export CLOUDFLARE_API_BASE_URL=%[1]s
  export CLOUDFLARE_API_TOKEN=local
  export CLOUDFLARE_ACCOUNT_ID=%[2]s
`, local.URL(), wfpsync.LocalAccountID)
	<-ctx.Done()
	return local.Close()
}

// listenOn listens on a port, on this machine alone. Where it cannot, the error names the flag that chooses another.
func listenOn(port int, flag string) (*net.TCPListener, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		return listener.(*net.TCPListener), nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use by another program: choose another with %s, or let %[2]s 0 pick a free one", port, flag)
	}
	if op := new(net.OpError); errors.As(err, &op) {
		err = op.Err // without the address, which is in the message already
	}
	return nil, fmt.Errorf("cannot listen on port %d: %w; choose another with %s, or let %[3]s 0 pick a free one", port, err, flag)
}
