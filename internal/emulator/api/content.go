package api

import (
	"net/http"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// getContent answers with the code of a script: the modules as a form and the header cf-entrypoint, or the bare text of
// a service worker.
func (s *Server) getContent(c *call, p place) (reply, error) {
	var answer reply
	err := s.readScript(c, p, func(tx *store.Tx, script store.Script) error {
		if len(script.Modules) == 0 { // only static files
			answer = reply{status: http.StatusNoContent, raw: &rawReply{}}
			return nil
		}
		header := http.Header{}
		header.Set("Etag", `"`+script.ETag+`"`)
		if !script.HasModules && len(script.Modules) == 1 {
			only := script.Modules[0]
			header.Set("Content-Type", only.Type)
			answer = reply{raw: &rawReply{header: header, body: tx.Blob(only.Hash)}}
			return nil
		}
		contentType, body, err := writeModules(script.Modules, func(m store.Module) []byte { return tx.Blob(m.Hash) })
		header.Set("Content-Type", contentType)
		header.Set("Cf-Entrypoint", script.EntryPoint)
		answer = reply{raw: &rawReply{header: header, body: body}}
		return err
	})
	return answer, err
}
