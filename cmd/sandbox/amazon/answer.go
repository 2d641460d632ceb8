package amazon

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
)

const denied = "Access to requested resource is denied."

func requestID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	text := hex.EncodeToString(id)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // the caller has gone away when this fails
}

// failure is one entry of Amazon's error envelope.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details string `json:"details"`
}

func writeErrors(w http.ResponseWriter, status int, code, message, details string) {
	if status == http.StatusTooManyRequests || status == http.StatusForbidden {
		w.Header().Del(rateHeader)
	}
	write(w, status, map[string][]failure{"errors": {{code, message, details}}})
}

func invalid(w http.ResponseWriter, message, details string) {
	writeErrors(w, http.StatusBadRequest, "InvalidInput", message, details)
}

// refuse answers an injected fault in Amazon's words.
func refuse(w http.ResponseWriter, status int) {
	code, message := "InternalFailure", "We encountered an internal error. Please try again."
	switch status {
	case http.StatusTooManyRequests:
		code, message = "QuotaExceeded", "You exceeded your quota for the requested resource."
	case http.StatusUnauthorized, http.StatusForbidden:
		code, message = "Unauthorized", denied
	case http.StatusServiceUnavailable:
		code, message = "ServiceUnavailable", "Service is temporarily unavailable. Please try again."
	case http.StatusNotFound:
		code, message = "NotFound", "The resource does not exist."
	case http.StatusBadRequest:
		code, message = "InvalidInput", "Invalid input."
	}
	writeErrors(w, status, code, message, "")
}
