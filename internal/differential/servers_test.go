package differential_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// startServers starts the servers that the projects connect to, on this
// machine, and returns their addresses for the env of each Worker.
func startServers(t testing.TB) map[string]string {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(answerHTTP))
	t.Cleanup(web.Close)
	return map[string]string{
		"HTTP":     web.URL,
		"ECHO":     serve(t, echo),
		"SMTP":     serve(t, speakSMTP),
		"POSTGRES": serve(t, speakPostgres),
		"MYSQL":    serve(t, speakMySQL),
		"REDIS":    serve(t, speakRedis),
	}
}

// serve calls a function with each connection, and returns the address to
// connect to.
func serve(t testing.TB, speak func(*bufio.Reader, io.Writer) error) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				_ = speak(bufio.NewReader(connection), connection) // the client hangs up when it likes
			}()
		}
	}()
	return listener.Addr().String()
}

// answerHTTP answers as some services do, and to all else what the request was.
func answerHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	form, _ := url.ParseQuery(string(body))
	var asked struct {
		Messages []struct{ Content string }
	}
	_ = json.Unmarshal(body, &asked) // most bodies are not a chat's
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/v1/customers": // Stripe
		fmt.Fprintf(w, `{"id":"cus_1","object":"customer","email":%q}`, form.Get("email"))
	case r.URL.Path == "/v1/chat/completions" && len(asked.Messages) > 0: // OpenAI
		fmt.Fprintf(w, `{"id":"chat_1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":%q}}]}`, "heard "+asked.Messages[0].Content)
	case r.URL.Path == "/token": // Google
		fmt.Fprintf(w, `{"access_token":"of %s","token_type":"Bearer","expires_in":3600}`, form.Get("grant_type"))
	case r.URL.Path == "/bucket/": // S3
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, `<ListBucketResult><Name>bucket</Name><Contents><Key>a.txt</Key><Size>2</Size></Contents></ListBucketResult>`)
	default:
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		fmt.Fprintf(w, `{"method":%q,"path":%q,"type":%q,"body":%q}`, r.Method, r.URL.RequestURI(), kind, body)
	}
}

func echo(in *bufio.Reader, out io.Writer) error {
	_, err := io.Copy(out, in)
	return err
}

// speakSMTP takes mails. It says of each how many lines it has.
func speakSMTP(in *bufio.Reader, out io.Writer) error {
	fmt.Fprint(out, "220 mail.example.com ESMTP\r\n")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		switch word, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.ToUpper(word) {
		case "QUIT":
			_, err = fmt.Fprint(out, "221 bye\r\n")
			return err
		case "DATA":
			fmt.Fprint(out, "354 go on\r\n")
			lines := 0
			for ; strings.TrimSpace(line) != "."; lines++ {
				if line, err = in.ReadString('\n'); err != nil {
					return err
				}
			}
			fmt.Fprintf(out, "250 took %d lines\r\n", lines-1)
		default:
			fmt.Fprint(out, "250 yes\r\n")
		}
	}
}

// speakPostgres answers every query with a row: {answer: 42}.
// Source: https://www.postgresql.org/docs/current/protocol-message-formats.html
func speakPostgres(in *bufio.Reader, out io.Writer) error {
	message := func(kind byte, body string) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4)), body...)
	}
	const (
		description = "\x00\x01answer\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00"
		row         = "\x00\x01\x00\x00\x00\x0242"
	)
	parameter := func(name, value string) []byte { return message('S', name+"\x00"+value+"\x00") }
	ready := message('Z', "I")
	read := func(n uint32) ([]byte, error) {
		body := make([]byte, n)
		_, err := io.ReadFull(in, body)
		return body, err
	}
	var answer []byte
	for started := false; ; {
		kind := byte(0)
		if started {
			var err error
			if kind, err = in.ReadByte(); err != nil {
				return err
			}
		}
		length, err := read(4)
		if err != nil {
			return err
		}
		body, err := read(binary.BigEndian.Uint32(length) - 4)
		if err != nil {
			return err
		}
		switch {
		case kind == 0 && binary.BigEndian.Uint32(body) == 80877103: // TLS?
			answer = []byte("N")
		case kind == 0:
			started = true
			answer = append(message('R', "\x00\x00\x00\x00"), parameter("server_version", "16.0")...)
			answer = append(answer, parameter("client_encoding", "UTF8")...)
			answer = append(append(answer, message('K', "\x00\x00\x00\x01\x00\x00\x00\x02")...), ready...)
		case kind == 'Q':
			answer = append(message('T', description), message('D', row)...)
			answer = append(append(answer, message('C', "SELECT 1\x00")...), ready...)
		case kind == 'P':
			answer = message('1', "")
		case kind == 'B':
			answer = message('2', "")
		case kind == 'D' && body[0] == 'S':
			answer = append(message('t', "\x00\x00"), message('T', description)...)
		case kind == 'D':
			answer = message('T', description)
		case kind == 'E':
			answer = append(message('D', row), message('C', "SELECT 1\x00")...)
		case kind == 'S':
			answer = ready
		case kind == 'X':
			return nil
		default:
			answer = nil
		}
		if _, err := out.Write(answer); err != nil {
			return err
		}
	}
}

// speakMySQL answers every query with a row: {answer: 42}.
// Source: https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
func speakMySQL(in *bufio.Reader, out io.Writer) error {
	send := func(number int, bodies ...string) error {
		for _, body := range bodies {
			packet := append([]byte{byte(len(body)), byte(len(body) >> 8), 0, byte(number)}, body...)
			if _, err := out.Write(packet); err != nil {
				return err
			}
			number++
		}
		return nil
	}
	const (
		greeting = "\x0a8.0.0\x00\x01\x00\x00\x0012345678\x00\xff\xf7\x21\x02\x00\x08\x00\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00123456789012\x00mysql_native_password\x00"
		ok       = "\x00\x00\x00\x02\x00\x00\x00"
		end      = "\xfe\x00\x00\x02\x00"
		field    = "\x03def\x00\x00\x00\x06answer\x06answer\x0c\x21\x00\x0b\x00\x00\x00\x03\x00\x00\x00\x00\x00"
	)
	if err := send(0, greeting); err != nil {
		return err
	}
	for first := true; ; first = false {
		head := make([]byte, 4)
		if _, err := io.ReadFull(in, head); err != nil {
			return err
		}
		body := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
		if _, err := io.ReadFull(in, body); err != nil {
			return err
		}
		var err error
		switch {
		case first:
			err = send(2, ok)
		case body[0] == 1: // it leaves
			return nil
		case body[0] == 3: // a query
			err = send(1, "\x01", field, end, "\x0242", end)
		default:
			err = send(1, ok)
		}
		if err != nil {
			return err
		}
	}
}

// speakRedis keeps values by name.
// Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
func speakRedis(in *bufio.Reader, out io.Writer) error {
	values := map[string]string{}
	line := func() (string, error) {
		text, err := in.ReadString('\n')
		return strings.TrimSpace(text), err
	}
	for {
		head, err := line()
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(strings.TrimPrefix(head, "*"))
		if err != nil {
			return err
		}
		words := make([]string, n)
		for i := range words {
			if _, err := line(); err != nil { // its length
				return err
			}
			if words[i], err = line(); err != nil {
				return err
			}
		}
		answer := "+OK"
		switch strings.ToLower(words[0]) {
		case "set":
			values[words[1]] = words[2]
		case "get":
			value := values[words[1]]
			answer = fmt.Sprintf("$%d\r\n%s", len(value), value)
		case "info":
			answer = "$19\r\nredis_version:7.0.0"
		case "ping":
			answer = "+PONG"
		}
		if _, err := io.WriteString(out, answer+"\r\n"); err != nil {
			return err
		}
	}
}
