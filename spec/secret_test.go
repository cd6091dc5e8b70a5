package spec_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

func TestSecretsPrintMasked(t *testing.T) {
	secret := spec.NewSecret("canary-4711")
	holder := struct {
		Secret  spec.Secret
		Pointer *spec.Secret
		Map     map[string]spec.Secret
	}{secret, &secret, map[string]spec.Secret{"a": secret}}
	var all strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&all, verb+" "+verb+"\n", secret, holder)
	}
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	all.Write(encoded)
	all.WriteString(secret.String())
	for _, form := range []string{"canary", fmt.Sprintf("%x", "canary")} {
		if strings.Contains(all.String(), form) {
			t.Errorf("the value shows:\n%s", all.String())
		}
	}
	if secret.Reveal() != "canary-4711" {
		t.Error("the value is lost")
	}
}
