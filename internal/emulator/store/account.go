package store

import "time"

const (
	accountsBucket    = "accounts"
	accountDataBucket = "account data"
)

// An Account owns everything else.
type Account struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedOn time.Time `json:"created_on"`
	// Subdomain is the account's name under workers.dev, empty if it has none.
	Subdomain string `json:"subdomain,omitempty"`
}

// Account returns the account with the given id.
func (t *Tx) Account(id string) (Account, bool) {
	return collect[Account](t, accountsBucket).get(id)
}

// Accounts returns all accounts, sorted by id.
func (t *Tx) Accounts() []Account {
	return collect[Account](t, accountsBucket).all()
}

// PutAccount creates or replaces an account's own record.
func (t *Tx) PutAccount(a Account) {
	collect[Account](t, accountsBucket).put(a.ID, a)
}
