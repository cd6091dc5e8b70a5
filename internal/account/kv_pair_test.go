package account

import (
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

func pair(key, value string) *spec.KVPair {
	return &spec.KVPair{KVNamespace: "Table", Key: key, Value: value}
}

// A bulk request whose response is lost is sent again: repeating it changes
// nothing.
func TestKVPairsWhoseAnswerIsLost(t *testing.T) {
	handler, asked := answers(hangUp, success(`{"successful_key_count":1,"unsuccessful_keys":[]}`))
	a := craft(t, handler).Account(testAccount)
	_, errs := a.PutKVPairs(t.Context(), "id", []spec.Write{{Stack: "platform", Resource: pair("a", "1")}})
	if errs[0] != nil || *asked != 2 {
		t.Errorf("%v after %d requests", errs, *asked)
	}
}
