package api

import (
	"strings"
	"testing"
)

func TestSplitSQL(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1":                              "SELECT 1",
		"SELECT 1; ;\nSELECT ';' ;":             "SELECT 1|SELECT ';'",
		"SELECT 'it''s; so'; SELECT \"a;b\"":    "SELECT 'it''s; so'|SELECT \"a;b\"",
		"-- one; two\nSELECT 1 /* ; */; -- end": "SELECT 1",
		"SELECT [a;b], `c;d`":                   "SELECT [a;b], `c;d`",
		"CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET a = CASE WHEN 1 THEN 2 END; DELETE FROM y; END; SELECT 1": "CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET a = CASE WHEN 1 THEN 2 END; DELETE FROM y; END|SELECT 1",
		"SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 2": "SELECT CASE 1 WHEN 1 THEN 2 END|SELECT 2",
		"SELECT 'open; ": "SELECT 'open;",
		"":               "",
	} {
		if got := strings.Join(splitSQL(text), "|"); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}
