package api

import (
	"crypto/sha256"
	"encoding/hex"
)

// userID is the one user there is; created_by and modified_by name it.
const userID = "10ca1000000000000000000000005e12"

const userEmail = "local@example.com"

func (s *Server) userRoutes() []route {
	return []route{
		{"GET", "/user", s.getUser},
		{"GET", "/user/tokens/verify", s.verifyToken},
		{"GET", "/memberships", s.listMemberships},
	}
}

func (s *Server) getUser(*call) (reply, error) {
	return ok(map[string]any{
		"id":                                userID,
		"email":                             userEmail,
		"username":                          "local",
		"first_name":                        nil,
		"last_name":                         nil,
		"two_factor_authentication_enabled": false,
		"suspended":                         false,
	})
}

// verifyToken says yes: authenticate has seen a token, and every token is good here, unless there is to be trouble.
func (s *Server) verifyToken(*call) (reply, error) {
	return ok(map[string]string{"id": derivedID("token"), "status": s.tokenStatus()})
}

type membershipView struct {
	ID      string   `json:"id"`
	Status  string   `json:"status"`
	Account idName   `json:"account"`
	Roles   []string `json:"roles"`
}

type idName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *Server) listMemberships(c *call) (reply, error) {
	accounts, err := s.visibleAccounts(c)
	if err != nil {
		return reply{}, err
	}
	views := []membershipView{}
	for _, account := range accounts {
		views = append(views, membershipView{
			ID: derivedID("membership " + account.ID), Status: "accepted",
			Account: idName{ID: account.ID, Name: account.Name},
			Roles:   []string{"Super Administrator - All Privileges"},
		})
	}
	return pageOf(views, c.query(), pageRange{min: 5, max: 50, usual: 20}, codeInvalidObject)
}

// derivedID makes an id that is the same each time for what has no record of its own.
func derivedID(of string) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:16])
}
