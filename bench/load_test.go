package bench_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/proctest"
)

// connections is the number of concurrent requests.
const connections = 8

var wrkRequests = regexp.MustCompile(`(\d+) requests in`)

// load sends requests to a host for some time, as fast as it can, and returns
// the number of responses. It uses wrk if that is installed, or else Go's
// client, which costs more on our side and nothing on workerd's.
func load(b *testing.B, url, host string, during time.Duration) int {
	b.Helper()
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		return loadInGo(b, url, host, during)
	}
	out, err := exec.Command(wrk, "-t1", fmt.Sprintf("-c%d", connections), "-d"+strconv.Itoa(int(during.Seconds()))+"s", "-H", "Host: "+host, url).CombinedOutput()
	check(b, err)
	found := wrkRequests.FindSubmatch(out)
	if found == nil || regexp.MustCompile("Non-2xx|Socket errors").Match(out) {
		b.Fatalf("wrk says:\n%s", out)
	}
	n, err := strconv.Atoi(string(found[1]))
	check(b, err)
	return n
}

func loadInGo(b *testing.B, url, host string, during time.Duration) int {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	end := time.Now().Add(during)
	var answers atomic.Int64
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for time.Now().Before(end) {
				request, err := http.NewRequest(http.MethodGet, url, nil)
				if err != nil {
					b.Error(err)
					return
				}
				request.Host = host
				response, err := client.Do(request)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body) // so that the connection is used again
				response.Body.Close()
				if response.StatusCode != http.StatusOK {
					b.Errorf("%s answers %s", host, response.Status)
					return
				}
				answers.Add(1)
			}
		})
	}
	all.Wait()
	if b.Failed() {
		b.FailNow()
	}
	return int(answers.Load())
}

// newest returns the process of the workerd that was started last.
func newest(b *testing.B) (pid int) {
	b.Helper()
	for _, process := range proctest.Children(b, os.Getpid(), "workerd") {
		pid = max(pid, process.Pid)
	}
	return pid
}
