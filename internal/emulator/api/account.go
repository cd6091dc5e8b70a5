package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) accountRoutes() []route {
	return []route{
		{"GET", "/accounts", s.listAccounts},
		{"GET", "/accounts/{account}", s.getAccount},
		{"GET", "/accounts/{account}/tokens/verify", s.verifyToken},
	}
}

type accountView struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Type      string         `json:"type"`
	Settings  map[string]any `json:"settings"`
	CreatedOn timestamp      `json:"created_on"`
}

func viewAccount(a store.Account) accountView {
	return accountView{
		ID: a.ID, Name: a.Name, Type: "standard", CreatedOn: timestamp(a.CreatedOn),
		Settings: map[string]any{"enforce_twofactor": false},
	}
}

func (s *Server) listAccounts(c *call) (reply, error) {
	accounts, err := s.visibleAccounts(c)
	if err != nil {
		return reply{}, err
	}
	views := []accountView{}
	for _, account := range accounts {
		if name := c.query().Get("name"); name == "" || name == account.Name {
			views = append(views, viewAccount(account))
		}
	}
	return pageOf(views, c.query(), pageRange{min: 5, max: 50, byDefault: 20}, codeInvalidObject)
}

func (s *Server) getAccount(c *call) (reply, error) {
	var account store.Account
	err := c.view(func(tx *store.Tx) error {
		account, _ = tx.Account(c.account)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewAccount(account))
}

// visibleAccounts returns the accounts that the caller's token can see: every
// account that exists and may be used.
func (s *Server) visibleAccounts(c *call) ([]store.Account, error) {
	var accounts []store.Account
	err := c.view(func(tx *store.Tx) error {
		accounts = tx.Accounts()
		return nil
	})
	accounts = slices.DeleteFunc(accounts, func(a store.Account) bool { return !s.allowed(a.ID) })
	return s.accountsInTrouble(accounts), err
}

// useAccount makes sure that the account in the path exists. Any id becomes an
// account when it is first used, so that a configuration written for a real
// account works here unchanged. Options.Accounts turns that off.
func (s *Server) useAccount(c *call) error {
	if !s.allowed(c.account) || !plausibleAccount(c.account) {
		return fail(http.StatusNotFound, codeInvalidObject,
			"Could not route to %s, perhaps your object identifier is invalid?", c.r.URL.Path)
	}
	return s.EnsureAccount(c.account)
}

// EnsureAccount creates an account if it does not exist.
func (s *Server) EnsureAccount(id string) error {
	if _, known := s.known.Load(id); known {
		return nil
	}
	exists := false
	if err := s.store.View(func(tx *store.Tx) error {
		_, exists = tx.Account(id)
		return nil
	}); err != nil {
		return err
	}
	if !exists {
		if err := s.store.Update(func(tx *store.Tx) error {
			if _, exists := tx.Account(id); !exists {
				tx.PutAccount(s.newAccount(id))
			}
			return nil
		}); err != nil {
			return err
		}
	}
	s.known.Store(id, true)
	return nil
}

func (s *Server) newAccount(id string) store.Account {
	short := strings.ToLower(id[:min(len(id), 8)])
	account := store.Account{ID: id, Name: "Account " + short, CreatedOn: s.now()}
	if id == s.parts.Default.ID {
		account.Name = s.parts.Default.Name
	}
	// A real account starts without a workers.dev name, and refuses the first
	// upload until the user chooses one (10063). That teaches nothing here, so
	// each account starts with one.
	account.Subdomain = "local-" + strings.Map(dnsCharacter, short)
	return account
}

func (s *Server) allowed(account string) bool {
	return len(s.options.Accounts) == 0 || slices.Contains(s.options.Accounts, account)
}

// plausibleAccount accepts more than the real form (32 hexadecimal digits),
// because local tests of wrangler and others often use readable ids.
func plausibleAccount(id string) bool {
	return len(id) > 0 && len(id) <= 64 && strings.Map(accountCharacter, id) == id
}

func accountCharacter(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		return r
	}
	return -1
}

func dnsCharacter(r rune) rune {
	if r == '_' {
		return '-'
	}
	return r
}

// userID is the only user's; created_by and modified_by name it.
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

// verifyToken accepts every token, except in simulated trouble. authenticate
// has checked that there is one.
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
	return pageOf(views, c.query(), pageRange{min: 5, max: 50, byDefault: 20}, codeInvalidObject)
}

// derivedID returns an id that is always the same, for something without a
// record of its own.
func derivedID(of string) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:16])
}
