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

{{- /* By this cert-manager fills in caBundle. The manifests themselves never name that
field, not even empty: who renders it takes it away from who owns it. */ -}}
{{- define "meshward.authority" -}}
{{- if eq .Values.certificates.mode "cert-manager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/meshward-serving
{{- end }}
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

{{- /* What all webhooks of the mutating configuration have in common. */ -}}
{{- define "meshward.inject" -}}
rules:
- apiGroups: [""]
  apiVersions: [v1]
  operations: [CREATE]
  resources: [pods]
  scope: Namespaced
clientConfig:
  service:
    name: meshward
    namespace: {{ .Release.Namespace }}
    path: /inject
failurePolicy: {{ .Values.injection.failurePolicy }}
timeoutSeconds: 5
matchPolicy: Equivalent
reinvocationPolicy: IfNeeded
sideEffects: NoneOnDryRun
admissionReviewVersions: [v1]
{{- end }}
