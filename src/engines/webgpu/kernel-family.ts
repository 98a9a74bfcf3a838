/** Types of values that a kernel's WGSL may depend on. */
type ConfigValue = string | number | boolean | undefined;

/** Flat object; two configurations with equal values are the same. */
type FlatConfig<Config> = { readonly [Name in keyof Config]: ConfigValue };

interface Node<Kernel> {
  kernel?: Kernel;
  readonly children: Map<string | number | boolean, Node<Kernel>>;
}

const newNode = <Kernel>(): Node<Kernel> => ({ children: new Map() });

/**
 * Kernels whose WGSL depends on a configuration. Each is created once per configuration and then looked up without generating
 * its text, since pipelines are cached by kernel object.
 * @param make creates a kernel; its text may depend on further parameters only as far as the configuration determines them
 */
export function kernelFamily<Config extends FlatConfig<Config>, Rest extends readonly unknown[], Kernel>(
  make: (config: Config, ...rest: Rest) => Kernel,
): (config: Config, ...rest: Rest) => Kernel {
  const root = newNode<Kernel>();
  return (config, ...rest) => {
    let node = root;
    for (const name in config) {
      const value: ConfigValue = config[name];
      if (value !== undefined) node = childOf(childOf(node, name), value);
    }
    return (node.kernel ??= make(config, ...rest));
  };
}

function childOf<Kernel>(node: Node<Kernel>, step: string | number | boolean): Node<Kernel> {
  let child = node.children.get(step);
  if (!child) node.children.set(step, (child = newNode()));
  return child;
}
