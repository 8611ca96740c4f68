package templates

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// unknownFields returns the paths in a JSON value of what the message does not have.
func unknownFields(value any, message protoreflect.MessageDescriptor, at string) []string {
	object, ok := value.(map[string]any)
	// Google's own types have JSON forms of their own, without fields.
	if !ok || strings.HasPrefix(string(message.FullName()), "google.protobuf.") {
		return nil
	}
	var unknown []string
	for key, value := range object {
		path := strings.TrimPrefix(at+"."+key, ".")
		field := message.Fields().ByJSONName(key)
		if field == nil {
			field = message.Fields().ByName(protoreflect.Name(key))
		}
		if field == nil {
			unknown = append(unknown, path)
			continue
		}
		unknown = append(unknown, unknownBelow(value, field, path)...)
	}
	return unknown
}

func unknownBelow(value any, field protoreflect.FieldDescriptor, at string) []string {
	message := field.Message()
	var unknown []string
	switch {
	case message == nil:
	case field.IsMap():
		object, _ := value.(map[string]any)
		if message = field.MapValue().Message(); message == nil {
			return nil
		}
		for key, value := range object {
			unknown = append(unknown, unknownFields(value, message, at+"."+key)...)
		}
	case field.IsList():
		list, _ := value.([]any)
		for i, value := range list {
			unknown = append(unknown, unknownFields(value, message, fmt.Sprintf("%s[%d]", at, i))...)
		}
	default:
		unknown = unknownFields(value, message, at)
	}
	return unknown
}
