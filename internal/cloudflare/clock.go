package cloudflare

import (
	"net/http"
	"sync/atomic"
	"time"
)

// serverClock tells the server's time. A mark is compared with the modification
// time that the server gives a script, so both must come from the same clock,
// however wrong this machine's is.
type serverClock struct{ offset atomic.Int64 }

// observe learns the offset from a response's Date header, which is exact to a
// second.
func (c *serverClock) observe(header http.Header) {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		c.offset.Store(int64(time.Until(date)))
	}
}

// now returns the server's time or, before the first response, this machine's.
func (c *serverClock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }
