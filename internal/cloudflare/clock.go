package cloudflare

import (
	"net/http"
	"sync/atomic"
	"time"
)

// serverClock tells the server's time. A mark is compared with the
// modification time that the server gives a script, so it must be told by the
// same clock, however wrong the one of this machine is.
type serverClock struct{ offset atomic.Int64 }

// observe learns the offset from an answer's Date header, which is exact to a second.
func (c *serverClock) observe(header http.Header) {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		c.offset.Store(int64(time.Until(date)))
	}
}

// now is the server's time; this machine's, as long as nothing was answered.
func (c *serverClock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }
