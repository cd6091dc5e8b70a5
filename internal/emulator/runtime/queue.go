package runtime

import (
	"encoding/json"
	"net/http"
)

// send takes messages to a queue.
func (r *Runtime) send(request *http.Request) (answer, error) {
	var messages []json.RawMessage
	if err := json.NewDecoder(request.Body).Decode(&messages); err != nil {
		return nil, err
	}
	r.tell("debug", "%d messages to the queue %s, which nothing here consumes", len(messages), request.PathValue("name"))
	return nil, nil
}
