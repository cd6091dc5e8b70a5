package api

import (
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// getUserWorkerTags returns the tags, or null if the Worker never had any, as
// clients have seen it.
func (s *Server) getUserWorkerTags(c *call) (reply, error) {
	var tags []string
	err := s.readScript(c, userWorkers{}, func(_ *store.Tx, script store.Script) error {
		tags = script.Tags
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(tags)
}

func (s *Server) putUserWorkerTags(c *call) (reply, error) {
	var tags []string
	if err := c.json(&tags, errMalformedJSON); err != nil {
		return reply{}, err
	}
	script, err := s.editTags(c, func([]string) []string { return tags })
	if err != nil {
		return reply{}, err
	}
	return ok(script.Tags)
}

func (s *Server) putUserWorkerTag(c *call) (reply, error) {
	_, err := s.editTags(c, func(tags []string) []string { return append(slices.Clone(tags), c.param("tag")) })
	if err != nil {
		return reply{}, err
	}
	return done()
}

// deleteUserWorkerTag succeeds if the tag is gone already.
func (s *Server) deleteUserWorkerTag(c *call) (reply, error) {
	_, err := s.editTags(c, func(tags []string) []string {
		return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return tag == c.param("tag") })
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}

// editTags changes the tags of a user Worker. Like any other write, it changes
// modified_on.
func (s *Server) editTags(c *call, edit func([]string) []string) (store.Script, error) {
	return s.adjustScript(c, userWorkers{}, func(_ *store.Tx, script *store.Script) error {
		return setTagList(script, edit(script.Tags))
	})
}
