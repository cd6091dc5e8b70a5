package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"sync"
	"testing"

	"github.com/cloudflare/cloudflare-go/v4/option"
	wfp "github.com/cloudflare/cloudflare-go/v4/workers_for_platforms"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// The two tests below are the same: they upload many scripts at once, and then
// check whether each script in the account runs its own code. The first tests
// this package. The second tests cloudflare-go used in the obvious way, and
// shows that scripts do get mixed up.

const parallelUploads = 400

func customerCode(i int) *spec.Code {
	return codeOf(fmt.Sprintf("export default { fetch() { return new Response('the data of customer %04d') } }\n", i))
}

// uploadAll runs an upload for each customer, all at once.
func uploadAll(upload func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range parallelUploads {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			upload(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// runningOthersCode counts the scripts that hold another script's code.
func runningOthersCode(t *testing.T, l *local) int {
	t.Helper()
	wrong := 0
	for i := range parallelUploads {
		address := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: seedName(i)}
		code, err := l.code(t.Context(), address, nil)
		if err != nil && !IsNotFound(err) {
			t.Fatal(err)
		}
		if err == nil && code.Digest != customerCode(i).Digest {
			wrong++
		}
	}
	return wrong
}

func TestConcurrentUploadsKeepCodeApart(t *testing.T) {
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	uploadAll(func(i int) {
		w := userWorker("customers", seedName(i), func(s *spec.Script) { s.Code = customerCode(i) })
		revision, err := l.Put(context.Background(), spec.Write{Stack: "platform", Resource: w})
		if err != nil || !revision.Mark.Describes(w.Code.Digest, w.Digest()) {
			t.Errorf("%s: %+v, %v", w.Address(), revision, err)
		}
	})
	if wrong := runningOthersCode(t, l); wrong > 0 {
		t.Errorf("%d of %d scripts run another customer's code", wrong, parallelUploads)
	}
	if found := len(l.read(t, usersOf("customers")).Resources); found != parallelUploads {
		t.Errorf("%d scripts are there, want %d", found, parallelUploads)
	}
}

// The shared slice of options has spare capacity, as one that was itself
// appended to usually has.
func TestSDKWithPerCallOptionsMixesUploads(t *testing.T) {
	if raceDetector {
		t.Skip("what this test shows is a data race, which the race detector reports by itself")
	}
	l := openLocal(t)
	put(t, l.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	options := slices.Grow([]option.RequestOption{
		option.WithBaseURL(l.api.BaseURL() + "/"),
		option.WithAPIToken("local"),
		option.WithMaxRetries(0),
		option.WithHTTPClient(&http.Client{Transport: transport}),
	}, 4)
	sdk := wfp.NewDispatchNamespaceScriptService(options...)

	const rounds = 20
	for range rounds {
		uploadAll(func(i int) {
			contentType, body := uploadOf(t, customerCode(i))
			var params wfp.DispatchNamespaceScriptUpdateParams
			params.AccountID.Value, params.AccountID.Present = testAccount, true
			_, _ = sdk.Update(context.Background(), "customers", seedName(i), params, option.WithRequestBody(contentType, body))
		})
		if wrong := runningOthersCode(t, l); wrong > 0 {
			t.Logf("%d of %d scripts run another customer's code", wrong, parallelUploads)
			return
		}
	}
	t.Errorf("no mixing in %d rounds: either cloudflare-go is repaired, or this test no longer sees it", rounds)
}

func uploadOf(t *testing.T, code *spec.Code) (contentType string, body []byte) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	m := code.Modules[0]
	err := w.WriteField(cloudflare.MetadataPart, `{"main_module":"index.js"}`)
	if err == nil {
		var part io.Writer
		header := textproto.MIMEHeader{"Content-Disposition": {multipart.FileContentDisposition(m.Name, m.Name)}, "Content-Type": {string(m.Type)}}
		if part, err = w.CreatePart(header); err == nil {
			_, err = part.Write(m.Content)
		}
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Error(err)
	}
	return w.FormDataContentType(), form.Bytes()
}
