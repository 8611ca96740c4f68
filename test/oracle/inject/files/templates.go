package files

// customTemplates adds templates of our own to those of the charts, as operators do. They
// are there in every installation, for pods to ask for.
func customTemplates(config map[string]any) {
	for name, text := range custom {
		put(text, "templates", name)(config)
	}
}

// custom are the texts of those templates.
var custom = map[string]string{
	"empty":   "",
	"nothing": "spec: {}\n",
	"labels": `
metadata:
  labels:
    injected: "true"
    app: {{ index .ObjectMeta.Labels "app" | default "none" | quote }}
  annotations:
    example.com/owner: {{ printf "%s/%s" .TypeMeta.Kind .DeploymentMeta.Name | quote }}
    example.com/api: {{ .TypeMeta.APIVersion | quote }}
    example.com/namespace: "{{ .DeploymentMeta.Namespace }}-{{ .ObjectMeta.Namespace }}"
    example.com/revision: {{ .Revision | quote }}
    example.com/native: "{{ .NativeSidecars }}"
    example.com/images: "{{ .ProxyImage }} {{ .ProxyInitImage }}"
    example.com/ids: "{{ .ProxyUID }} {{ .ProxyGID }} {{ .InboundTrafficPolicyMode }} {{ .CompliancePolicy }}"
`,
	"extra-container": `
spec:
  containers:
  - name: helper
    image: {{ .ProxyImage }}
    ports:
    - containerPort: 9999
    livenessProbe:
      httpGet:
        path: /live
        port: 9999
  initContainers:
  - name: setup
    image: busybox
    command: ["true"]
`,
	"volumes": `
spec:
  volumes:
  - name: shared
    emptyDir: {}
  - name: data
    configMap:
      name: injected
  containers:
  - name: istio-proxy
    volumeMounts:
    - name: shared
      mountPath: /shared
    - name: data
      mountPath: /data
`,
	"patch": `
spec:
  containers:
  - name: istio-proxy
    args:
    - --replaced
    env:
    - $patch: delete
      name: POD_NAME
    - name: ADDED
      value: "1"
  tolerations:
  - $patch: replace
  - key: replaced
    operator: Exists
  $setElementOrder/containers:
  - name: istio-proxy
`,
	"replace": `
spec:
  securityContext:
    $patch: replace
    fsGroup: 7
  nodeSelector:
    $patch: replace
    disk: ssd
`,
	"delete": `
spec:
  containers:
  - name: app
    $patch: delete
  - name: main
    resources: null
    livenessProbe: null
  dnsConfig: null
  $retainKeys: [containers]
`,
	"security": `
spec:
  securityContext:
    runAsNonRoot: true
    sysctls:
    - name: net.ipv4.ip_unprivileged_port_start
      value: "0"
  containers:
  - name: istio-proxy
    securityContext:
      runAsUser: 2000
      capabilities:
        add: [SYS_PTRACE]
`,
	"env": `
spec:
  containers:
  {{- range .Spec.Containers }}
  - name: {{ .Name }}
    env:
    - name: SAME
      value: from-template
    - name: OWN
      valueFrom:
        fieldRef:
          fieldPath: metadata.name
  {{- end }}
`,
	"merge-keys": `
spec:
  imagePullSecrets:
  - name: one
  - name: injected
  hostAliases:
  - ip: 10.0.0.1
    hostnames: [injected]
  topologySpreadConstraints:
  - topologyKey: zone
    maxSkew: 1
    whenUnsatisfiable: DoNotSchedule
  containers:
  - name: main
    ports:
    - containerPort: 8080
      name: injected
    - containerPort: 8080
      protocol: UDP
    volumeMounts:
    - name: data
      mountPath: /data
      readOnly: true
`,
	"host-aliases": `
spec:
  hostAliases:
  - ip: 127.0.0.1
    hostnames: [a, b]
  affinity:
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 1
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
  priorityClassName: high
  terminationGracePeriodSeconds: 77
  serviceAccountName: injected
`,
	"late-init": `
spec:
  initContainers:
  - name: istio-validation
    image: validation
    args: ["-u", "1337"]
  - name: zz
    image: zz
    restartPolicy: Always
`,
	"second-proxy": `
spec:
  containers:
  - name: istio-proxy
    image: second
    resources:
      limits:
        cpu: "3"
    readinessProbe:
      tcpSocket:
        port: 1
`,
	"order": `
spec:
  containers:
  - name: istio-proxy
  - name: main
  - name: first
    image: first
`,
	"unknown-fields": `
metadata:
  unheardOf: true
spec:
  unheardOf:
    a: 1
  containers:
  - name: main
    unheardOf: [1]
`,
	"typed": `
spec:
  terminationGracePeriodSeconds: {{ add 1 (default 3 .Spec.TerminationGracePeriodSeconds) }}
  shareProcessNamespace: {{ not .Spec.HostPID }}
  {{- with .Spec.SecurityContext }}{{ with .FSGroup }}
  securityContext:
    fsGroup: {{ add . 1 }}
  {{- end }}{{ end }}
`,
	"functions": `
metadata:
  annotations:
    f.example.com/duration: {{ formatDuration .ProxyConfig.DrainDuration | quote }}
    f.example.com/exclude: {{ excludeInboundPort 15020 (annotation .ObjectMeta "traffic.sidecar.istio.io/excludeInboundPorts" " 1, 2") | quote }}
    f.example.com/include: {{ includeInboundPorts .Spec.Containers | quote }}
    f.example.com/application: {{ applicationPorts .Spec.Containers | quote }}
    f.example.com/or: {{ valueOrDefault .Values.global.network "none" | quote }}
    f.example.com/json: {{ toJSON .ObjectMeta.Labels | quote }}
    f.example.com/from: {{ (fromJSON "{\"a\":[1,2.5,\"<&>\"]}").a | quote }}
    f.example.com/bad: {{ fromJSON "{" | quote }}
    f.example.com/struct: {{ structToJSON .Spec | quote }}
    f.example.com/proto: {{ protoToJSON .ProxyConfig | quote }}
    f.example.com/mesh: {{ protoToJSON .MeshConfig | sha256sum }}
    f.example.com/yaml: {{ toYaml .Values.global.proxy | indent 3 | quote }}
    f.example.com/directory: {{ directory "/a/b/c" | quote }}
    f.example.com/contains: "{{ contains "a" "cat" }}"
    f.example.com/lower: {{ toLower "ÄBC" | quote }}
    f.example.com/multus: {{ appendMultusNetwork "[{\"name\":\"x\"}]" "ns/net" | quote }}
    f.example.com/omit: {{ toJsonMap (omit .ObjectMeta.Labels "app" "version") (strdict "a" "1" "b") | quote }}
    f.example.com/merge: {{ mergeMaps .ObjectMeta.Labels (strdict "app" "<merged>") | toJson | quote }}
    f.example.com/nil: {{ omitNil (dict "a" nil "b" (list 1 nil)) | toJson | quote }}
    f.example.com/otel: {{ otelResourceAttributes .MeshConfig .ObjectMeta.Annotations .ObjectMeta.Labels .ObjectMeta.Namespace .Spec.Containers | quote }}
    f.example.com/interfaces: "{{ kubevirtInterfaces "a,b" }}{{ excludeInterfaces "c" }}"
    f.example.com/isset: "{{ isset .ObjectMeta.Annotations "prometheus.io/port" }}"
    f.example.com/missing: "{{ .Values.nothing }}"
    f.example.com/number: "{{ .Values.global.proxy.statusPort }} {{ .Values.global.tag }}"
`,
	"sprig": `
metadata:
  annotations:
    s.example.com/trunc: {{ trunc 3 .DeploymentMeta.Name | trimAll "-" | upper | quote }}
    s.example.com/dict: {{ dict "a" 1 "b" (list "x" "y") | toPrettyJson | quote }}
    s.example.com/sum: {{ sha256sum .DeploymentMeta.Name }}
    s.example.com/64: {{ b64enc "a<b" | quote }}
    s.example.com/regex: {{ regexReplaceAll "[0-9]+" "a1b22" "#" | quote }}
    s.example.com/semver: "{{ semverCompare ">=1.2" "1.3.0" }}"
    s.example.com/list: {{ list 3 1 2 | join "," | quote }}
    s.example.com/split: {{ (splitList "," "a,b,c") | last | quote }}
    s.example.com/ternary: {{ ternary "yes" "no" .NativeSidecars | quote }}
    s.example.com/nindent: {{ "a" | nindent 2 | quote }}
    s.example.com/json: {{ toJson .ObjectMeta.Labels | quote }}
    s.example.com/get: {{ get (dict "k" "v") "k" | quote }}
    s.example.com/coalesce: {{ coalesce "" .Revision "none" | quote }}
    s.example.com/hasKey: "{{ hasKey .Values.global "proxy" }}"
    s.example.com/dig: {{ dig "global" "proxy" "image" "none" .Values | quote }}
    s.example.com/math: "{{ add 1 2 }} {{ mul 2 3 }} {{ div 7 2 }} {{ max 1 5 3 }}"
`,
	"broken-yaml": "spec:\n  containers:\n - name: x\n",
	"fails":       "spec:\n  nodeName: {{ fail \"not here\" }}\n",
}
