#if Llama
    import CLlama

    /// The devices of the loaded backends.
    extension Runtime {
        static func reports(_ directory: String?) throws(EngineFailure) -> [DeviceReport] {
            _ = try load(directory)
            var found = Backends.refused.map { refusal in
                DeviceReport(
                    index: 0,
                    name: refusal.file,
                    kind: .unusable,
                    description: refusal.reason,
                    totalBytes: 0,
                    freeBytes: 0
                )
            }
            var seen: Set<String> = []
            for index in 0..<ggml_backend_dev_count() {
                guard let device = unsafe ggml_backend_dev_get(index), let kind = unsafe kind(device) else { continue }
                var properties = unsafe ggml_backend_dev_props()
                unsafe ggml_backend_dev_get_props(device, &properties)
                // Two backends may know the same GPU: the first one is the one that the engine takes.
                let id = unsafe properties.device_id.map { unsafe String(cString: $0) }
                if let id, !seen.insert(id).inserted { continue }
                found.append(unsafe report(properties, kind))
            }
            let order: [DeviceReport.Kind] = [.gpu, .integrated, .accelerator, .unusable, .cpu]
            let sorted = order.flatMap { kind in found.filter { $0.kind == kind } }
            return sorted.enumerated().map { index, device in
                var device = device
                device.index = index
                return device
            }
        }

        private static func report(_ properties: ggml_backend_dev_props, _ kind: DeviceReport.Kind) -> DeviceReport {
            let free = unsafe Int(clamping: properties.memory_free)
            return DeviceReport(
                index: 0,
                name: unsafe properties.name.map { unsafe String(cString: $0) } ?? "",
                kind: kind,
                description: unsafe properties.description.map { unsafe String(cString: $0) } ?? "",
                totalBytes: unsafe Int(clamping: properties.memory_total),
                // The CPU backend calls all of the machine's memory free.
                freeBytes: kind == .cpu ? min(free, FreeMemory.read() ?? free) : free
            )
        }

        /// - Returns: nil for what nothing can be loaded on.
        private static func kind(_ device: ggml_backend_dev_t) -> DeviceReport.Kind? {
            switch unsafe ggml_backend_dev_type(device) {
            case GGML_BACKEND_DEVICE_TYPE_GPU: .gpu
            case GGML_BACKEND_DEVICE_TYPE_IGPU: .integrated
            case GGML_BACKEND_DEVICE_TYPE_ACCEL: .accelerator
            case GGML_BACKEND_DEVICE_TYPE_CPU: .cpu
            default: nil
            }
        }

        /// What `llama_model_params` takes: the devices with an end mark, and the parts, as many as the engine wants.
        ///
        /// - Returns: nil for the devices where the engine takes all GPUs that there are; the end mark alone where none.
        static func places(_ devices: ModelDevices, gpuLayers: Int) throws(EngineFailure)
            -> (devices: [ggml_backend_dev_t?]?, parts: [Float])
        {
            if gpuLayers == 0 { return unsafe ([nil], []) }
            guard !devices.names.isEmpty else { return (nil, []) }
            var found: [ggml_backend_dev_t?] = unsafe []
            for name in devices.names {
                guard let device = unsafe ggml_backend_dev_by_name(name), unsafe isGPU(device) else {
                    throw .unknownDevice(name, known: gpuNames)
                }
                unsafe found.append(device)
            }
            let (count, most) = unsafe (found.count, llama_max_devices())
            guard count <= most, devices.parts.isEmpty || devices.parts.count == count else {
                throw .unknownDevice(devices.names.joined(separator: ","), known: gpuNames)
            }
            let rest = [Float](repeating: 0, count: most - devices.parts.count)
            return unsafe (found + [nil], devices.parts.isEmpty ? [] : devices.parts + rest)
        }

        /// Of all devices' names those that a model with these options may use.
        static func used(_ options: EngineOptions, of all: [String]) -> [String] {
            let gpus = gpuNames
            return all.filter { name in
                guard gpus.contains(name) else { return true }
                return options.gpuLayers != 0 && (options.devices.names.isEmpty || options.devices.names.contains(name))
            }
        }

        private static var gpuNames: [String] {
            (0..<ggml_backend_dev_count()).compactMap { index in
                guard let device = unsafe ggml_backend_dev_get(index), unsafe isGPU(device),
                    let name = unsafe ggml_backend_dev_name(device)
                else { return nil }
                return unsafe String(cString: name)
            }
        }

        private static func isGPU(_ device: ggml_backend_dev_t) -> Bool {
            let kind = unsafe kind(device)
            return kind == .gpu || kind == .integrated
        }
    }
#endif
