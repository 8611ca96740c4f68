package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Calls that failed and were let in are told to nobody but the API server's metrics.
const failedOpen = "apiserver_admission_webhook_fail_open_count{"

// openings reads how many calls of our webhooks failed and were let in, since the API
// server started.
func (s *stage) openings(ctx context.Context) (int, error) {
	text, err := s.client.Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the API server's metrics: %w", err)
	}
	total := 0
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, failedOpen) || !strings.Contains(line, `meshward.io"`) {
			continue
		}
		value, err := strconv.ParseFloat(line[strings.LastIndex(line, " ")+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", line, err)
		}
		total += int(value)
	}
	return total, lines.Err()
}

// countFailures counts as lost what failed and was let in since the last time.
func (s *stage) countFailures(ctx context.Context) error {
	now, err := s.openings(ctx)
	if err != nil {
		return err
	}
	if now > s.opened {
		s.load.Lose(now-s.opened, fmt.Sprintf("%d calls of the validating webhook failed and were let in, as the API server's metrics tell", now-s.opened))
	}
	s.opened = now
	return nil
}

// forgetFailures leaves out of the count what failed since the last time, because it had to.
func (s *stage) forgetFailures(ctx context.Context) error {
	var err error
	s.opened, err = s.openings(ctx)
	return err
}
