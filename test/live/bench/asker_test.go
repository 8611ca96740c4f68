package main

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// Only what a webhook has really decided counts as an answer.
func TestAskerReadsAnswers(t *testing.T) {
	for answer, wrong := range map[string]bool{
		`{"response":{"allowed":true,"patch":"W10="}}`:                        false,
		`{"response":{"allowed":true}}`:                                       true, // nothing was injected
		`{"response":{"allowed":true,"patch":"W10=","warnings":["no time"]}}`: true,
	} {
		replica := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, answer)
		}))
		roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: replica.Certificate().Raw})
		asker, err := newAsker(replica.URL, roots, question{path: "/inject", bodies: [][]byte{[]byte("{}")}, says: `"patch":`, never: `"warnings"`})
		if err != nil {
			t.Fatal(err)
		}
		_, err = asker.ask(t.Context(), 1000, 3)
		if (err != nil) != wrong {
			t.Errorf("%s: got error %v", answer, err)
		}
		asker.close()
		replica.Close()
	}
}

// All work is done once, unless an answer is not what it has to be.
func TestWork(t *testing.T) {
	var asked atomic.Int64
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, "made "+r.URL.Path)
	}))
	defer api.Close()
	s := &server{url: api.URL, client: api.Client()}
	w := work{
		what: "things made", many: 100, atATime: atATime, method: http.MethodPost, status: http.StatusCreated, says: "made",
		ask: func(int) (string, []byte) { return "/things", nil },
	}
	got, err := s.do(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if asked.Load() != 100 || len(got.each) != 100 {
		t.Errorf("asked %d times and timed %d; want 100", asked.Load(), len(got.each))
	}
	w.says = "refused"
	if _, err := s.do(t.Context(), w); err == nil || !strings.Contains(err.Error(), "made /things; want 201 and refused") {
		t.Errorf("got error %v, want one with the answer", err)
	}
}
