package bench_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// BenchmarkProcessorTime compares workerd's processor time for a request
// through dispatcher and user Worker with that of two Workers of a static
// configuration, one bound to the other, which is the minimum. A chain of four
// such Workers shows what the way through the host would cost if the host did
// nothing. The servers are measured in turns.
func BenchmarkProcessorTime(b *testing.B) {
	p := newPlatform(b)
	defer p.run(b).Close()
	quiet := server{"dispatch", p.url, newest(b)}
	heard := newPlatform(b)
	defer heard.runTelling(b, func(runtime.Message) {}).Close()
	servers := []server{quiet, {"heard", heard.url, newest(b)}, startStatic(b, "static", 2), startStatic(b, "four", 4)}
	for _, s := range servers {
		ask(b, s.url, "t1.example.com", "hello from t1") // also starts the Workers
		load(b, s.url, "t1.example.com", time.Second)
	}
	spent := make([][]float64, len(servers)) // µs a request
	for b.Loop() {
		for i, s := range servers {
			before := processorTime(b, s.pid)
			n := load(b, s.url, "t1.example.com", time.Second)
			spent[i] = append(spent[i], float64((processorTime(b, s.pid)-before).Microseconds())/float64(n))
		}
	}
	for i, s := range servers {
		slices.Sort(spent[i])
		b.ReportMetric(spent[i][len(spent[i])/2], "µs/"+s.name)
	}
	static := spent[2][len(spent[2])/2]
	b.ReportMetric(spent[0][len(spent[0])/2]/static, "ratio")
	b.ReportMetric(spent[1][len(spent[1])/2]/static, "ratio-heard")
	b.ReportMetric(spent[3][len(spent[3])/2]/static, "ratio-four")
}

// server is a workerd that answers.
type server struct {
	name string
	url  string
	pid  int
}

// startStatic starts workerd with a chain of configured Workers, the last of
// which answers.
func startStatic(b *testing.B, name string, length int) server {
	b.Helper()
	var services strings.Builder
	for i := range length {
		code := "export default { fetch(request, env) { new URL(request.url).hostname.split('.')[0]; return env.NEXT.fetch(request) } }"
		binding := fmt.Sprintf(`( name = "NEXT", service = "w%d" )`, i+1)
		if i == length-1 {
			code, binding = "export default { fetch(request, env) { return new Response('hello from ' + env.NAME) } }", `( name = "NAME", text = "t1" )`
		}
		fmt.Fprintf(&services, `( name = "w%d", worker = ( compatibilityDate = "%s", modules = [ ( name = "index.js", esModule = "%s" ) ], bindings = [ %s ] ) ),`, i, plainDate, code, binding)
	}
	config := filepath.Join(b.TempDir(), "static.capnp")
	check(b, os.WriteFile(config, []byte(`using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = ( services = [ `+services.String()+` ],
  sockets = [ ( name = "http", address = "127.0.0.1:0", http = (), service = "w0" ) ] );`), 0o600))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(b, err)
	defer listener.Close()
	socket, err := listener.(*net.TCPListener).File()
	check(b, err)
	defer socket.Close()
	cmd := exec.Command(workerd(b), "serve", "--socket-fd", "http=3", config)
	cmd.ExtraFiles, cmd.Stderr = []*os.File{socket}, os.Stderr
	check(b, cmd.Start())
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return server{name, "http://" + listener.Addr().String(), cmd.Process.Pid}
}

// processorTime returns the processor time that a process has used since it
// began.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	check(b, err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var ticks int64
	for _, field := range fields[11:13] { // user and system
		n, err := strconv.ParseInt(field, 10, 64)
		check(b, err)
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}
