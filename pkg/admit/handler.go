// Package admit answers admission reviews: an AdmissionReview in, a decision out.
//
// It is the only package that knows admission types. It must not know how the
// stored configuration gets here, nor the rules and templates behind a decision.
package admit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshward/meshward/pkg/policy"
)

// maxBody is the size of the largest review that is read, in bytes. A review
// holds an old and a new object, of which the API server takes at most 3 MiB
// each, and little else.
const maxBody = 7 << 20

// longestWait is how long a request may take that does not say how long the API
// server waits for it: the API server's own default.
const longestWait = 10 * time.Second

// Reviewer decides about one request. It need not fill in the answer's UID.
type Reviewer interface {
	Review(ctx context.Context, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse
	// Late answers a request in place of Review when there is no time left for it.
	// Nil leaves the answer to the webhook's failurePolicy.
	Late(request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse
	// Unknown answers a request in place of Review when what this rests on is not known.
	// It never allows what Review might deny; nil is as for Late.
	Unknown(request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse
}

// Handler serves a reviewer over HTTP under the name that metrics and logs give
// it. What comes in and is no review is answered with a status that says so:
//
//	405  not a POST
//	415  not application/json
//	413  larger than 7 MiB
//	400  not an admission.k8s.io/v1 AdmissionReview with a request and a UID
//	429  too many others were under review, or were waiting for it, until it was too
//	     late for this one, and the reviewer has no answer to that
//	500  the reviewer panicked; nothing was decided
//	503  what the answer rests on is not known yet, and the reviewer has none without
//
// The API server treats each of these as a failed call, so that failurePolicy
// decides. Everything else is answered with 200 and a review.
type Handler struct {
	Name     string
	Reviewer Reviewer
	// Known returns an error as long as what the reviewer rests on is not known.
	Known func() error
	// Policy says how much of the time to keep for the answer.
	Policy func() *policy.Config
	// Slots bound how many reviews are worked on, and wait, at once.
	Slots   *Slots
	Metrics *Metrics
	Log     *slog.Logger
}

// ServeHTTP answers one review.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	patience := wait(r)
	// The body counts too: whoever sends half of one must not hold us. A server
	// that cannot set a deadline, such as a test's recorder, has none.
	_ = http.NewResponseController(w).SetReadDeadline(started.Add(patience))
	request, refused := readReview(w, r)
	if refused != nil {
		h.Metrics.count(h.Name, outcomeMalformed)
		h.Log.Warn("refused a request that is no admission review", "webhook", h.Name, "status", refused.status, "reason", refused.Error())
		http.Error(w, refused.Error(), refused.status)
		return
	}
	ctx, cancel := context.WithDeadline(context.WithValue(r.Context(), pathKey{}, r.URL.Path), started.Add(h.Policy().Deadline.For(patience)))
	defer cancel()
	response, refused := h.review(ctx, request)
	describe(ctx, request, response, refused)
	if refused != nil {
		http.Error(w, refused.Error(), refused.status)
		return
	}
	response.UID = request.UID
	h.Metrics.observe(h.Name, response, time.Since(started))
	w.Header().Set("Content-Type", "application/json")
	review := admissionv1.AdmissionReview{TypeMeta: reviewType, Response: response}
	if err := json.NewEncoder(w).Encode(review); err != nil {
		h.Log.Warn("could not send an answer", "webhook", h.Name, "uid", request.UID, "error", err)
	}
}

// pathKey is where a context has the path of the request's URL, by which webhooks of remote
// clusters say where their pods are.
type pathKey struct{}

func pathOf(ctx context.Context) string {
	path, _ := ctx.Value(pathKey{}).(string)
	return path
}

// review calls the reviewer once there is a slot. Where there is none in time, or what it
// takes to judge is not known, the reviewer answers without. A panic becomes a refusal and is counted; what the
// request held is not logged.
func (h *Handler) review(ctx context.Context, request *admissionv1.AdmissionRequest) (response *admissionv1.AdmissionResponse, refused *refusal) {
	defer func() {
		if cause := recover(); cause != nil {
			h.Metrics.count(h.Name, outcomePanic)
			h.Log.Error("panic", "webhook", h.Name, "uid", request.UID, "kind", request.Kind.Kind,
				"namespace", request.Namespace, "name", request.Name, "stack", string(debug.Stack()))
			refused = refuse(http.StatusInternalServerError, "meshward could not decide about request %s: an internal error, which was logged", request.UID)
		}
	}()
	if err := h.Known(); err != nil {
		// Without a Retry-After, here and below, so that the API server does not send it
		// once more.
		return h.unjudged(h.Reviewer.Unknown(request), verdictUnready,
			refuse(http.StatusServiceUnavailable, "meshward cannot decide about request %s yet: %w", request.UID, err))
	}
	if h.Slots.take(ctx) {
		defer h.Slots.give()
		return h.Reviewer.Review(ctx, request), nil
	}
	return h.unjudged(h.Reviewer.Late(request), verdictOverloaded,
		refuse(http.StatusTooManyRequests, "meshward could not decide about request %s in time: too many others were under review", request.UID))
}

// unjudged is the reviewer's answer to what it did not judge, or else the refusal, which
// is counted.
func (h *Handler) unjudged(response *admissionv1.AdmissionResponse, outcome string, otherwise *refusal) (*admissionv1.AdmissionResponse, *refusal) {
	if response != nil {
		return response, nil
	}
	h.Metrics.count(h.Name, outcome)
	return nil, otherwise
}

var reviewType = metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"}

// refusal is why a request is no review, with the HTTP status that says so.
type refusal struct {
	error
	status int
}

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{fmt.Errorf(format, args...), status}
}

func readReview(w http.ResponseWriter, r *http.Request) (*admissionv1.AdmissionRequest, *refusal) {
	if r.Method != http.MethodPost {
		return nil, refuse(http.StatusMethodNotAllowed, "admission reviews are sent with POST, not %s", r.Method)
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, refuse(http.StatusUnsupportedMediaType, "Content-Type is %q; it must be application/json", r.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "the body could not be read: %w", err)
	case len(body) == 0:
		return nil, refuse(http.StatusBadRequest, "the body is empty; it must be an AdmissionReview")
	}
	return decodeReview(body)
}

func decodeReview(body []byte) (*admissionv1.AdmissionRequest, *refusal) {
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(body, &review); err != nil {
		return nil, refuse(http.StatusBadRequest, "the body is not an AdmissionReview: %w", err)
	}
	switch {
	case review.TypeMeta != reviewType:
		return nil, refuse(http.StatusBadRequest, "the body is a %q of %q; it must be an AdmissionReview of %s",
			review.Kind, review.APIVersion, reviewType.APIVersion)
	case review.Request == nil:
		return nil, refuse(http.StatusBadRequest, "the AdmissionReview has no request")
	case review.Request.UID == "":
		return nil, refuse(http.StatusBadRequest, "the AdmissionReview's request has no uid")
	}
	return review.Request, nil
}

// wait is how long the API server waits for the answer: it says so in the URL.
func wait(r *http.Request) time.Duration {
	timeout, err := time.ParseDuration(r.URL.Query().Get("timeout"))
	if err != nil || timeout <= 0 || timeout > longestWait {
		return longestWait
	}
	return timeout
}
