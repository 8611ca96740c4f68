{{- define "meshward.labels" -}}
app.kubernetes.io/name: meshward
app.kubernetes.io/part-of: meshward
{{- end }}

{{- define "meshward.subjects" -}}
subjects:
- kind: ServiceAccount
  name: meshward
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- /* What belongs to a value of istio.io/rev is called. */ -}}
{{- define "meshward.named" -}}
meshward{{ if ne . "default" }}-{{ . }}{{ end }}
{{- end }}

{{- /* By this cert-manager fills in caBundle, by the certificate of a revision. The
manifests themselves never name that field, not even empty: who renders it takes it away from
who owns it. */ -}}
{{- define "meshward.authority" -}}
{{- if eq .root.Values.certificates.mode "cert-manager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ .root.Release.Namespace }}/{{ include "meshward.named" .revision }}-serving
{{- end }}
{{- end }}

{{- /* Who serves which value of istio.io/rev: the default revision its tags and, unless a
revision has that tag, the value "default"; and each revision its name and its tags. */ -}}
{{- define "meshward.values" -}}
{{- $values := dict "default" "default" }}
{{- range .Values.tags }}
  {{- if hasKey $values . }}
    {{- fail (printf "tags: %q is there already" .) }}
  {{- end }}
  {{- $_ := set $values . "default" }}
{{- end }}
{{- $handed := false }}
{{- range $revision := .Values.revisions }}
  {{- range $value := prepend ($revision.tags | default list) $revision.name }}
    {{- if and (eq $value "default") (ne $revision.name "default") (not $handed) }}
      {{- $handed = true }}
    {{- else if hasKey $values $value }}
      {{- fail (printf "revisions: %q is there already, as a revision or as a tag" $value) }}
    {{- end }}
    {{- $_ := set $values $value $revision.name }}
  {{- end }}
{{- end }}
{{- toYaml $values }}
{{- end }}

{{- /* The one list, which every webhook has. */ -}}
{{- define "meshward.startFirst" -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values:
  {{- range append .Values.namespaces.startFirst .Release.Namespace | uniq }}
  - {{ . }}
  {{- end }}
{{- end }}

{{- define "meshward.controlPlane" -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values:
  {{- range .Values.namespaces.controlPlane }}
  - {{ . }}
  {{- end }}
{{- end }}

{{- /* What all webhooks of the mutating configurations of a revision have in common. */ -}}
{{- define "meshward.inject" -}}
rules:
- apiGroups: [""]
  apiVersions: [v1]
  operations: [CREATE]
  resources: [pods]
  scope: Namespaced
clientConfig:
  service:
    name: {{ include "meshward.named" .revision }}
    namespace: {{ .root.Release.Namespace }}
    path: /inject
failurePolicy: {{ .root.Values.injection.failurePolicy }}
timeoutSeconds: 5
matchPolicy: Equivalent
reinvocationPolicy: IfNeeded
sideEffects: NoneOnDryRun
admissionReviewVersions: [v1]
{{- end }}
