package main

import "fmt"

// process is what a process says of itself.
type process struct {
	memory float64 // resident, in bytes
	cpu    float64 // seconds since its start
}

// readProcess returns an error where one of the two is not there.
func readProcess(text []byte) (process, error) {
	samples, err := readSamples(text, "process_")
	if err != nil {
		return process{}, err
	}
	figures := map[string]float64{}
	for _, s := range samples {
		figures[s.name] = s.value
	}
	read := process{memory: figures["process_resident_memory_bytes"], cpu: figures["process_cpu_seconds_total"]}
	if read.memory == 0 || read.cpu == 0 {
		return process{}, fmt.Errorf("no memory or no CPU among the metrics of a process: %v", figures)
	}
	return read, nil
}

// usage is what a process used during something, and what it holds at its end.
type usage struct {
	during string
	process
}

func (p process) since(during string, before process) usage {
	return usage{during: during, process: process{memory: p.memory, cpu: p.cpu - before.cpu}}
}
