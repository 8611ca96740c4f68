package workload

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// deploymentConfig is the DeploymentConfig of apps.openshift.io/v1, of which it
// has all fields that are written even where they are empty, and those around
// them: istioctl writes them, so they must come out.
type deploymentConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec   deploymentConfigSpec   `json:"spec"`
	Status deploymentConfigStatus `json:"status"`
}

type deploymentConfigSpec struct {
	Strategy             deploymentStrategy      `json:"strategy"`
	MinReadySeconds      int32                   `json:"minReadySeconds,omitempty"`
	Triggers             []deploymentTrigger     `json:"triggers"`
	Replicas             int32                   `json:"replicas"`
	RevisionHistoryLimit *int32                  `json:"revisionHistoryLimit,omitempty"`
	Test                 bool                    `json:"test"`
	Paused               bool                    `json:"paused,omitempty"`
	Selector             map[string]string       `json:"selector,omitempty"`
	Template             *corev1.PodTemplateSpec `json:"template,omitempty"`
}

type deploymentStrategy struct {
	Type                  string                      `json:"type,omitempty"`
	CustomParams          *customStrategy             `json:"customParams,omitempty"`
	RecreateParams        *recreateStrategy           `json:"recreateParams,omitempty"`
	RollingParams         *rollingStrategy            `json:"rollingParams,omitempty"`
	Resources             corev1.ResourceRequirements `json:"resources"`
	Labels                map[string]string           `json:"labels,omitempty"`
	Annotations           map[string]string           `json:"annotations,omitempty"`
	ActiveDeadlineSeconds *int64                      `json:"activeDeadlineSeconds,omitempty"`
}

type customStrategy struct {
	Image       string          `json:"image,omitempty"`
	Environment []corev1.EnvVar `json:"environment,omitempty"`
	Command     []string        `json:"command,omitempty"`
}

type recreateStrategy struct {
	TimeoutSeconds *int64          `json:"timeoutSeconds,omitempty"`
	Pre            *deploymentHook `json:"pre,omitempty"`
	Mid            *deploymentHook `json:"mid,omitempty"`
	Post           *deploymentHook `json:"post,omitempty"`
}

type rollingStrategy struct {
	UpdatePeriodSeconds *int64              `json:"updatePeriodSeconds,omitempty"`
	IntervalSeconds     *int64              `json:"intervalSeconds,omitempty"`
	TimeoutSeconds      *int64              `json:"timeoutSeconds,omitempty"`
	MaxUnavailable      *intstr.IntOrString `json:"maxUnavailable,omitempty"`
	MaxSurge            *intstr.IntOrString `json:"maxSurge,omitempty"`
	Pre                 *deploymentHook     `json:"pre,omitempty"`
	Post                *deploymentHook     `json:"post,omitempty"`
}

type deploymentHook struct {
	FailurePolicy string       `json:"failurePolicy"`
	ExecNewPod    *newPodHook  `json:"execNewPod,omitempty"`
	TagImages     []imageToTag `json:"tagImages,omitempty"`
}

type newPodHook struct {
	Command       []string        `json:"command"`
	Env           []corev1.EnvVar `json:"env,omitempty"`
	ContainerName string          `json:"containerName"`
	Volumes       []string        `json:"volumes,omitempty"`
}

type imageToTag struct {
	ContainerName string                 `json:"containerName"`
	To            corev1.ObjectReference `json:"to"`
}

type deploymentTrigger struct {
	Type              string       `json:"type,omitempty"`
	ImageChangeParams *imageChange `json:"imageChangeParams,omitempty"`
}

type imageChange struct {
	Automatic          bool                   `json:"automatic,omitempty"`
	ContainerNames     []string               `json:"containerNames,omitempty"`
	From               corev1.ObjectReference `json:"from"`
	LastTriggeredImage string                 `json:"lastTriggeredImage,omitempty"`
}

// deploymentConfigStatus has the numbers and times, which are always written. The
// rest of a status is kept as it is.
type deploymentConfigStatus struct {
	LatestVersion       int64 `json:"latestVersion"`
	ObservedGeneration  int64 `json:"observedGeneration"`
	Replicas            int32 `json:"replicas"`
	UpdatedReplicas     int32 `json:"updatedReplicas"`
	AvailableReplicas   int32 `json:"availableReplicas"`
	UnavailableReplicas int32 `json:"unavailableReplicas"`

	Conditions []deploymentCondition `json:"conditions,omitempty"`
}

type deploymentCondition struct {
	Type               string      `json:"type"`
	Status             string      `json:"status"`
	LastUpdateTime     metav1.Time `json:"lastUpdateTime"`
	LastTransitionTime metav1.Time `json:"lastTransitionTime"`
	Reason             string      `json:"reason,omitempty"`
	Message            string      `json:"message,omitempty"`
}
