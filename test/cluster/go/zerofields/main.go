// Command zerofields prints, as JSON, the fields of the Kubernetes API types whose zero value is not written: scalars
// without a pointer and with `omitempty` or `omitzero`. Git may declare `hostNetwork: false`; the API server answers
// without it, and OpenAPI does not tell such fields from those where absence and zero differ (`replicas`, `automountServiceAccountToken`).
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/kubernetes/scheme"
	aggregator "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// Names of the fields, by the type's OpenAPI name.
type report map[string][]string

func main() {
	_ = apiextensions.AddToScheme(scheme.Scheme)
	_ = aggregator.AddToScheme(scheme.Scheme)
	found := report{}
	seen := map[reflect.Type]bool{}
	for _, known := range scheme.Scheme.AllKnownTypes() {
		found.visit(known, seen)
	}
	encoder := json.NewEncoder(os.Stdout)
	if err := encoder.Encode(found); err != nil {
		panic(err)
	}
}

func (found report) visit(t reflect.Type, seen map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return
	}
	seen[t] = true
	found.fields(openAPIName(t), t, seen)
}

// fields adds the fields of t to the type called name: t itself, or one that is inlined into it.
func (found report) fields(name string, t reflect.Type, seen map[reflect.Type]bool) {
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() {
			continue
		}
		tag := strings.Split(field.Tag.Get("json"), ",")
		if tag[0] == "" && field.Anonymous && field.Type.Kind() == reflect.Struct {
			found.fields(name, field.Type, seen)
			continue
		}
		omitted := false
		for _, option := range tag[1:] {
			omitted = omitted || option == "omitempty" || option == "omitzero"
		}
		if omitted && isScalar(field.Type) {
			found[name] = append(found[name], tag[0])
		}
		found.visit(field.Type, seen)
	}
}

// isScalar tells what JSON writes as one: bytes too, which are base64.
func isScalar(t reflect.Type) bool {
	kind := t.Kind()
	if kind == reflect.Slice {
		return t.Elem().Kind() == reflect.Uint8
	}
	return kind == reflect.Bool || kind == reflect.String || (kind >= reflect.Int && kind <= reflect.Float64)
}

// openAPIName turns k8s.io/api/core/v1.Pod into io.k8s.api.core.v1.Pod, as kube-openapi's ToRESTFriendlyName does.
func openAPIName(t reflect.Type) string {
	parts := strings.Split(t.PkgPath()+"."+t.Name(), "/")
	host := strings.Split(parts[0], ".")
	for left, right := 0, len(host)-1; left < right; left, right = left+1, right-1 {
		host[left], host[right] = host[right], host[left]
	}
	return strings.Join(append([]string{strings.Join(host, ".")}, parts[1:]...), ".")
}
