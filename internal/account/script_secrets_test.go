package account

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// If a response is lost at any step of writing secrets, the write is repeated.
// Until the mark is written, nothing shows that the values are there.
func TestLostResponsesToSecrets(t *testing.T) {
	for _, acting := range []bool{true, false} {
		for lose := 1; lose <= 2; lose++ {
			t.Run(fmt.Sprint("acting ", acting, ", the first ", lose), func(t *testing.T) {
				u := openUnreliable(t)
				put(t, u.Account, &spec.DispatchNamespace{Name: "customers"}, nil)
				source := &spec.SecretSource{Env: "X"}
				w := userWorker("customers", "acme", func(s *spec.Script) {
					s.Bindings = []spec.Binding{{Name: "A", Type: spec.BindingSecret, Secret: source}, {Name: "B", Type: spec.BindingSecret, Secret: source}}
				})
				values := map[string]spec.Secret{"A": spec.NewSecret(plantedSecret), "B": spec.NewSecret("two")}
				prior, err := u.Put(t.Context(), spec.Write{Stack: "platform", Resource: w, Secrets: values})
				if err != nil {
					t.Fatal(err)
				}
				key, err := spec.NewSecretsKey(strings.Repeat("k", spec.SecretsKeyLength))
				if err != nil {
					t.Fatal(err)
				}
				prints := key.Fingerprints("platform", w, func(b spec.Binding) (spec.Secret, bool) { return values[b.Name], true })
				u.next(lose, acting)
				revision, err := u.Put(t.Context(), spec.Write{Stack: "platform", Resource: w, Prior: &prior, Secrets: values, SecretsOnly: true, Fingerprints: prints})
				if err != nil {
					t.Fatal(err)
				}
				if revision.Mark == nil || revision.Mark.Secrets != prints || !revision.Mark.Describes(w.Code.Digest, w.Digest()) {
					t.Errorf("mark %+v", revision.Mark)
				}
				writes := strings.Join(u.writes(), "\n")
				if strings.Contains(writes, "bindings_inherit") || !strings.Contains(writes, "PATCH /workers/dispatch/namespaces/customers/scripts/acme/secrets-bulk") {
					t.Errorf("wrote\n%s", writes)
				}
			})
		}
	}
}
