{{- define "countersign.name" -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "countersign.selector" -}}
app.kubernetes.io/name: countersign
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "countersign.labels" -}}
{{ include "countersign.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "countersign.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- /* How the API server calls, for the path in .path */ -}}
{{- define "countersign.clientConfig" -}}
{{- $values := .root.Values -}}
clientConfig:
  {{- if $values.webhook.url }}
  url: {{ printf "%s%s" $values.webhook.url .path | quote }}
  {{- else }}
  service:
    name: {{ include "countersign.name" .root }}
    namespace: {{ .root.Release.Namespace }}
    path: {{ .path }}
    port: 443
  {{- end }}
  caBundle: {{ include "countersign.tls" (dict "root" .root "key" "caBundle") }}
{{- end -}}

{{- /* Only protected namespaces, and never those without which a cluster cannot put itself right */ -}}
{{- define "countersign.namespaceSelector" -}}
namespaceSelector:
  matchLabels:
    countersign.dev/protect: "true"
  matchExpressions:
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: {{ append .Values.webhook.exemptNamespaces .Release.Namespace | uniq | toJson }}
{{- end -}}

{{- /* One of the three values of the certificate */ -}}
{{- define "countersign.tls" -}}
{{- $how := "run `countersign-certs issue --out tls --dns SERVICE.NAMESPACE.svc`, then `countersign-certs values --out tls | helm install -f - …`" -}}
{{- required (printf "tls.%s is missing: %s" .key $how) (index .root.Values.tls .key) -}}
{{- end -}}
